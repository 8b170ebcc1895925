/** What native code crashes is started again, once; and nothing is left of a command, however it ends. Linux's /proc tells. */

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { dist } from "../stacks/dist.ts";
import { ROOT, type Stack, stackEnvironment, wantedStacks } from "../stacks/environment.ts";
import { childrenOf, type Process, processesWith } from "../support/processes.ts";
import { commandLine, type Outcome, writeSmallNetwork } from "./built.ts";

const { at, remove } = commandLine();
const LIMIT = 240_000;
const POLL = { timeout: 120_000, interval: 20 };
const stacks = wantedStacks().filter((name) => stackEnvironment(name).available);

beforeAll(() => writeSmallNetwork(at("net.safetensors")));
afterAll(remove);

interface Running {
  readonly child: ChildProcess;
  readonly outcome: Promise<Outcome>;
  /** Its temporary folder, which holds the homes of browsers. */
  readonly temporary: string;
}

/** Starts a command with a temporary folder of its own. */
function start(name: string, words: string): Running {
  const temporary = at(`${name}-tmp`);
  mkdirSync(temporary, { recursive: true });
  const child = spawn(process.execPath, [dist("node/cli.js"), ...words.split(" ")], {
    cwd: ROOT,
    env: { ...process.env, TMPDIR: temporary },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const outcome = new Promise<Outcome>((resolve) => {
    child.once("close", (code) => resolve({ code: code ?? -1, stdout, stderr }));
  });
  return { child, outcome, temporary };
}

/** What runs the jobs of a command: Dawn's process, or the browser. */
function workersOf({ child, temporary }: Running): Process[] {
  return childrenOf(child.pid!).filter(
    ({ command }) =>
      command.includes("dawn-process.js") ||
      (command.includes(`${temporary}/ascent-`) && command.includes("/profile")),
  );
}

/** Waits for a worker of which nothing is known yet, and for a sign that it works; then kills it. */
async function killWorker(running: Running, known: Set<number>, works: () => boolean): Promise<void> {
  const fresh = () => workersOf(running).filter(({ pid }) => !known.has(pid));
  await vi.waitUntil(() => fresh().length > 0 && works(), POLL);
  for (const { pid } of fresh()) {
    known.add(pid);
    process.kill(pid, "SIGKILL");
  }
}

/** Nothing of a command runs any more, and no home of a browser is left. */
async function expectGone({ temporary }: Running, workers: Iterable<number>): Promise<void> {
  await vi.waitFor(() => {
    expect(processesWith(`${temporary}/ascent-`)).toEqual([]);
    expect(readdirSync(temporary).filter((name) => name.startsWith("ascent-"))).toEqual([]);
    expect([...workers].filter((pid) => existsSync(`/proc/${pid}`))).toEqual([]);
  }, POLL);
}

const atlas = (out: string, stack: Stack): string =>
  `atlas --model ${at("net.safetensors")} --layer conv1_1 --size 24 --iterations 60 --batch 1 --out ${at(out)} --runtime ${stack} --json`;

const pictures = (out: string): number => {
  const folder = at(`${out}/conv1_1`);
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".png")).length : 0;
};

const ENDED: Readonly<Record<Stack, string>> = {
  dawn: "Dawn ended before the work was done \\(SIGKILL\\)",
  chromium: "chromium ended before the work was done",
  firefox: "(firefox ended before the work was done|the page ended in firefox before the work was done)",
};

describe.skipIf(process.platform !== "linux").each(stacks)("a runtime on %s", { timeout: LIMIT }, (stack) => {
  it.concurrent("that crashes in an atlas is started again, and all pictures are drawn", async () => {
    const out = `atlas-${stack}`;
    const running = start(out, atlas(out, stack));
    const workers = new Set<number>();
    await killWorker(running, workers, () => pictures(out) > 0);
    const { code, stdout, stderr } = await running.outcome;
    expect(stderr).toMatch(
      new RegExp(`^ascent: conv1_1, channels \\d: ${ENDED[stack]}.*; started again\\n$`),
    );
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ drawn: 4, found: 0 });
    expect(pictures(out)).toBe(4);
    await expectGone(running, workers);
  });

  it.concurrent("that crashes twice in one job ends in an error that says what to do", async () => {
    const words = `render --model ${at("net.safetensors")} --objective class:0 --size 24 --iterations 1000000 --out ${at(`${stack}.png`)} --runtime ${stack}`;
    const running = start(`render-${stack}`, words);
    const workers = new Set<number>();
    for (let time = 0; time < 2; time++) await killWorker(running, workers, () => true);
    const { code, stdout, stderr } = await running.outcome;
    expect(stderr.split("\n")).toEqual([
      expect.stringMatching(/^ascent: render: .*; started again$/),
      expect.stringMatching(/^ascent: .* ended before .*; choose a smaller size/),
      "",
    ]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    await expectGone(running, workers);
  });

  it.concurrent.each(["SIGKILL", "SIGTERM", "SIGINT"] as const)(
    "goes when the command ends by %s",
    async (signal) => {
      const out = `${signal}-${stack}`;
      const running = start(out, atlas(out, stack).replace("--iterations 60", "--iterations 100000"));
      await vi.waitUntil(() => workersOf(running).length > 0, POLL);
      const workers = workersOf(running).map(({ pid }) => pid);
      running.child.kill(signal);
      await running.outcome;
      await expectGone(running, workers);
    },
  );
});
