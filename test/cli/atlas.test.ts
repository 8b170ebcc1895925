/** `atlas`: all channels, in parts, again and again. */

import { spawn } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { decode } from "fast-png";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tunedSettings } from "../../src/optvis/recipes.ts";
import { dist } from "../stacks/dist.ts";
import { ROOT, stackEnvironment, wantedStacks } from "../stacks/environment.ts";
import { commandLine, writeSmallNetwork } from "./built.ts";

const { ascent, at, remove } = commandLine();
const LIMIT = 120_000;
const dawn = stackEnvironment("dawn").available && wantedStacks().includes("dawn");

beforeAll(async () => {
  writeSmallNetwork(at("net.safetensors"));
}, LIMIT);

afterAll(remove);

interface Report {
  readonly drawn: number;
  readonly found: number;
}

/** With every kind of chance: the start's noise, and the default recipe's transforms. */
const SETTINGS = "--size 12 --iterations 3 --init noise --seed 5 --lr 0.3";

async function run(words: string): Promise<Report> {
  const all = `atlas --model ${at("net.safetensors")} ${SETTINGS} ${words} --json`;
  const { code, stdout, stderr } = await ascent(all.split(" "));
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout) as Report;
}

const pictures = (folder: string): string[] => readdirSync(folder).filter((name) => name.endsWith(".png"));

/** Kernels may differ by batch; what they round differently turns no byte by more than one in so few steps. */
function expectSame(picture: string, other: string): void {
  const [bytes, others] = [picture, other].map((path) => Uint8Array.from(decode(readFileSync(path)).data));
  const worst = bytes!.reduce((most, byte, i) => Math.max(most, Math.abs(byte - others![i]!)), 0);
  expect(worst, `${picture} and ${other}`).toBeLessThanOrEqual(1);
}

/** What the files of a folder are, and when they were written. */
function stateOf(folder: string): Record<string, unknown> {
  const state = (name: string) => [readFileSync(`${folder}/${name}`), statSync(`${folder}/${name}`).mtimeMs];
  return Object.fromEntries(pictures(folder).map((name) => [name, state(name)]));
}

describe.skipIf(!dawn)("atlas", { timeout: LIMIT }, () => {
  it("draws every channel of a layer, each its own, and goes on where it stopped", async () => {
    const words = `--layer conv2_1 --batch 4 --out ${at("whole")}`;
    expect(await run(words)).toMatchObject({ drawn: 6, found: 0 });
    const layer = at("whole/conv2_1");
    expect(pictures(layer)).toEqual(["0000.png", "0001.png", "0002.png", "0003.png", "0004.png", "0005.png"]);
    for (const channel of [2, 5]) {
      const out = at(`channel-${channel}.png`);
      const render = `render --model ${at("net.safetensors")} --objective channel:conv2_1:${channel} --recipe default`;
      const words = `${render} ${SETTINGS} --seed ${5 + channel} --out ${out}`;
      expect((await ascent(words.split(" "))).code).toBe(0);
      expectSame(`${layer}/000${channel}.png`, out);
    }
    expect(await run(words)).toMatchObject({ drawn: 0, found: 6 });
    const page = readFileSync(`${layer}/index.html`, "utf8");
    expect(page.match(/<img src="\d{4}\.png" alt="Channel \d of conv2_1"/g)).toHaveLength(6);
    expect(readFileSync(at("whole/index.html"), "utf8")).toContain('href="conv2_1/index.html"');
  });

  it("draws what is missing and nothing else, by whatever batch", async () => {
    const layer = at("gaps/conv2_1");
    await run(`--layer conv2_1 --out ${at("gaps")}`);
    cpSync(layer, at("before"), { recursive: true });
    // Two by themselves and two together.
    for (const channel of [0, 2]) rmSync(`${layer}/000${channel}.png`);
    // One is cut short, one is empty.
    writeFileSync(`${layer}/0004.png`, readFileSync(`${layer}/0004.png`).subarray(0, -20));
    writeFileSync(`${layer}/0005.png`, "");
    const { "0001.png": one, "0003.png": three } = stateOf(layer);
    const kept = { "0001.png": one, "0003.png": three };
    expect(await run(`--layer conv2_1 --batch 3 --out ${at("gaps")}`)).toMatchObject({ drawn: 4, found: 2 });
    expect(stateOf(layer)).toMatchObject(kept);
    for (const name of pictures(at("before"))) expectSame(`${layer}/${name}`, at(`before/${name}`));
  });

  it("draws all of them where whoever reads its output stops reading", async () => {
    const words = `atlas --model ${at("net.safetensors")} ${SETTINGS} --layer conv2_1 --batch 1 --out ${at("read")}`;
    const ascending = spawn(process.execPath, [dist("node/cli.js"), ...words.split(" ")], { cwd: ROOT });
    let said = "";
    ascending.stderr.on("data", (text) => {
      said += text;
    });
    ascending.stdout.once("data", () => ascending.stdout.destroy());
    const code = await new Promise((resolve) => ascending.once("close", resolve));
    expect({ code, said }).toEqual({ code: 0, said: "" });
    expect(pictures(at("read/conv2_1"))).toHaveLength(6);
  });

  it("parts of several machines, copied together, are the whole", async () => {
    await run(`--out ${at("all")}`);
    await run(`--batch 3 --shard 0/2 --out ${at("first")}`);
    await run(`--batch 3 --shard 1/2 --out ${at("second")}`);
    // Every convolution: 4, 6 and 5 channels.
    const layers = ["conv1_1", "conv2_1", "conv2_2"];
    for (const [i, layer] of layers.entries()) {
      const [first, second] = [pictures(at(`first/${layer}`)), pictures(at(`second/${layer}`))];
      expect([...first, ...second].sort()).toHaveLength([4, 6, 5][i]!);
      expect(first.filter((name) => second.includes(name))).toEqual([]);
    }
    for (const page of ["index.html", "atlas.json", "conv2_2/index.html"]) {
      expect(readFileSync(at(`first/${page}`))).toEqual(readFileSync(at(`second/${page}`)));
    }
    cpSync(at("second"), at("first"), { recursive: true });
    expect(await run(`--batch 3 --out ${at("first")}`)).toMatchObject({ drawn: 0, found: 15 });
    for (const layer of layers) {
      for (const name of pictures(at(`all/${layer}`)))
        expectSame(at(`first/${layer}/${name}`), at(`all/${layer}/${name}`));
    }
    const lost = at("first/conv2_1/0005.png");
    rmSync(lost);
    expect(await run(`--out ${at("first")}`)).toMatchObject({ drawn: 1, found: 14 });
    expectSame(lost, at("all/conv2_1/0005.png"));
  });

  it("draws classes by the class recipe, and channels by theirs", async () => {
    const recipeOf = async (layer: string) => {
      const words = `atlas --model ${at("net.safetensors")} --layer ${layer} --size 12 --iterations 1 --out ${at(layer)} --json`;
      expect((await ascent(words.split(" "))).code).toBe(0);
      return JSON.parse(readFileSync(at(`${layer}/atlas.json`), "utf8")) as unknown;
    };
    const { lr, jitter, blur, transforms } = tunedSettings("class:0", [12, 12]);
    expect(await recipeOf("logits")).toMatchObject({ lr, jitter, blur, transforms });
    const channel = tunedSettings("channel:conv2_1:0", [12, 12]);
    expect(await recipeOf("conv2_1")).toMatchObject({ blur: channel.blur, transforms: channel.transforms });
    expect([blur, transforms]).not.toEqual([channel.blur, channel.transforms]);
  });

  /** Refuses, without a word on stdout. */
  async function refused(words: string): Promise<string> {
    const all = `atlas --model ${at("net.safetensors")} ${SETTINGS} --layer conv1_1 ${words}`;
    const { code, stdout, stderr } = await ascent(all.split(" "));
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    return stderr;
  }

  it("does not mix settings", async () => {
    await run(`--layer conv1_1 --out ${at("mixed")}`);
    for (const other of ["--lr 0.5", "--seed 6", "--size 13", "--iterations 4", "--preprocess caffe"]) {
      expect(await refused(`${other} --out ${at("mixed")}`)).toMatch(
        /^ascent: --out: .*other settings; .*atlas\.json\n$/,
      );
    }
    writeFileSync(at("shared.json"), JSON.stringify({ param: "fourier", share: 2 }));
    expect(await refused(`--recipe ${at("shared.json")} --out ${at("mixed")}`)).toMatch(/share frequencies/);
  });

  it("leaves a folder alone whose pages are not an atlas's", async () => {
    mkdirSync(at("site"));
    writeFileSync(at("site/index.html"), "<h1>Home</h1>");
    expect(await refused(`--out ${at("site")}`)).toMatch(
      /^ascent: --out: .* is no atlas: it holds index\.html and no atlas\.json; choose another folder\n$/,
    );
    expect(readdirSync(at("site"))).toEqual(["index.html"]);
    expect(readFileSync(at("site/index.html"), "utf8")).toBe("<h1>Home</h1>");
  });

  it("says how long a batch took, the first iteration too", async () => {
    const words = `atlas --model ${at("net.safetensors")} --layer conv1_1 --size 12 --iterations 1 --batch 3 --out ${at("short")}`;
    const { code, stdout } = await ascent(words.split(" "));
    expect(code).toBe(0);
    const [first, second] = [...stdout.matchAll(/^(\d of 2: conv1_1, channels [\d ]+), ([\d.]+) s$/gm)];
    expect([first?.[1], second?.[1]]).toEqual([
      "1 of 2: conv1_1, channels 0 1 2",
      "2 of 2: conv1_1, channels 3",
    ]);
    for (const line of [first, second]) expect(Number(line?.[2])).toBeGreaterThan(0);
  });
});
