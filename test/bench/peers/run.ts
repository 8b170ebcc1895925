/**
 * Measures Ascent against the libraries of this folder's package.json in a browser:
 *
 *     npm install && npm run build --prefix ../../..    once
 *     npm run peers                                     the whole matrix, and its table
 *     npm run peers -- --browser firefox --size 64 --target relu3_3 [--contenders ascent,tfjs] [--rounds 3]
 *
 * `--library` and `--before` name folders of two builds of Ascent (contenders `ascent` and `before`).
 */
import { appendFileSync, existsSync, mkdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { build } from "vite";
import { launchBrowser } from "../../../src/node/browser.ts";
import type { BrowserName } from "../../../src/node/find-browser.ts";
import { type Cell, type ContenderName, contenderNames, type Outcome, type Result } from "./outcome.ts";
import { pytorchGradient, pytorchRate } from "./pytorch.ts";
import { serve } from "./server.ts";
import { printTable, RESULTS, readResults } from "./table.ts";

/** This folder: `run.mjs` makes it the process's script. */
const HERE = dirname(resolve(process.argv[1] as string));
const ROOT = resolve(HERE, "../../..");
const BUILT = join(ROOT, ".cache/peers/page");

const MATRIX: readonly (readonly [browser: BrowserName, size: number, target: string])[] = [
  ["firefox", 64, "relu3_3"],
  ["chromium", 64, "relu3_3"],
  ["firefox", 64, "relu5_1"],
  ["chromium", 64, "relu5_1"],
  ["firefox", 128, "relu3_3"],
  ["firefox", 128, "relu5_1"],
  ["firefox", 224, "relu3_3"],
  ["chromium", 128, "relu3_3"],
];

async function bundlePage(): Promise<void> {
  await build({
    root: HERE,
    configFile: false,
    logLevel: "error",
    build: {
      outDir: BUILT,
      emptyOutDir: true,
      target: "es2022",
      rolldownOptions: {
        input: join(HERE, "page.ts"),
        external: ["webgpu-ascent", "webgpu-ascent-before", "onnxruntime-web/webgpu"],
        output: { entryFileNames: "[name].js", chunkFileNames: "[name].js" },
      },
    },
  });
}

interface Builds {
  readonly ascent: string;
  readonly before: string;
}

async function measure(browserName: BrowserName, cell: Cell, builds: Builds): Promise<Outcome> {
  const folders = { page: BUILT, ...builds, onnxruntime: join(HERE, "node_modules/onnxruntime-web/dist") };
  if (!existsSync(join(folders.ascent, "index.js"))) throw new Error("not built yet: npm run build");
  const server = await serve(folders, pytorchGradient(cell));
  // Firefox stops a script that computes for long, as the compilers of some libraries do.
  const browser = await launchBrowser(browserName, { prefs: { "dom.max_script_run_time": 0 } });
  try {
    const page = await browser.newPage();
    page.on("console", (message) => process.stderr.write(`  ${message.text().slice(0, 200)}\n`));
    page.on("pageerror", (error) => process.stderr.write(`  ${String(error)}\n`));
    await page.goto(`${server.url}?cell=${encodeURIComponent(JSON.stringify(cell))}`);
    for (;;) {
      const outcome = await page.evaluate(() => window.outcome);
      if (outcome && "error" in outcome) throw new Error(outcome.error);
      if (outcome) return outcome;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  } finally {
    await browser.close();
    server.close();
  }
}

async function measureCell(browser: BrowserName, cell: Cell, builds: Builds): Promise<void> {
  process.stderr.write(`${browser}, ${cell.size}², ${cell.target}: ${cell.contenders.join(", ")}\n`);
  const outcome = await measure(browser, cell, builds);
  const result: Result = { ...cell, browser, date: new Date().toISOString().slice(0, 10), outcome };
  mkdirSync(dirname(RESULTS), { recursive: true });
  appendFileSync(RESULTS, `${JSON.stringify(result)}\n`);
  for (const { name, message } of outcome.failures) process.stderr.write(`  ${name} failed: ${message}\n`);
}

function parse() {
  const { values } = parseArgs({
    options: {
      browser: { type: "string" },
      size: { type: "string", default: "64" },
      target: { type: "string", default: "relu3_3" },
      contenders: { type: "string", default: "ascent,tfjs,jax,ort" },
      rounds: { type: "string", default: "3" },
      block: { type: "string" },
      library: { type: "string", default: join(ROOT, "dist/lib") },
      before: { type: "string", default: join(ROOT, "dist/lib") },
      pytorch: { type: "boolean", default: false },
      table: { type: "boolean", default: false },
    },
  });
  const contenders = values.contenders.split(",");
  for (const name of contenders) {
    if (!contenderNames.some((known) => known === name)) {
      throw new Error(`--contenders: ${contenderNames.join(", ")}, got ${name}`);
    }
  }
  return { ...values, contenders: contenders as ContenderName[] };
}

async function main(): Promise<void> {
  const { browser, size, target, contenders, rounds, block, pytorch, table, library, before } = parse();
  const builds = { ascent: resolve(library), before: resolve(before) };
  if (table) return printTable(readResults());
  if (pytorch) return pytorchRate(Number(size), target);
  await bundlePage();
  const matrix = browser ? [[browser as BrowserName, Number(size), target] as const] : MATRIX;
  for (const [where, side, layer] of matrix) {
    // Firefox sees completion on a timer of 100 ms: a block of seconds makes that a few percent.
    const blockSeconds = block ? Number(block) : where === "firefox" ? 3 : 2;
    const cell = { size: side, target: layer, contenders, rounds: Number(rounds), blockSeconds };
    await measureCell(where, cell, builds);
    if (!browser) await measureCell(where, { ...cell, contenders: ["ort-wasm"] }, builds);
  }
  if (!browser) {
    const works = MATRIX.map(([, side, layer]) => [`${side} ${layer}`, { side, layer }] as const);
    for (const { side, layer } of new Map(works).values()) pytorchRate(side, layer);
  }
  printTable(browser ? readResults().slice(-1) : readResults());
}

await main();
process.exit(0);
