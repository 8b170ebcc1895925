/** `atlas`: all channels, in parts, again and again. */

import { cpSync, existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tunedSettings } from "../../src/optvis/recipes.ts";
import { stackEnvironment, wantedStacks } from "../stacks/environment.ts";
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

/** Without chance an image does not depend on its place in the batch. */
const SETTINGS = "--size 12 --iterations 3 --jitter 0 --transforms none";

async function run(words: string): Promise<Report> {
  const all = `atlas --model ${at("net.safetensors")} ${SETTINGS} ${words} --json`;
  const { code, stdout, stderr } = await ascent(all.split(" "));
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout) as Report;
}

const pictures = (folder: string): string[] => readdirSync(folder).filter((name) => name.endsWith(".png"));

describe.skipIf(!dawn)("atlas", { timeout: LIMIT }, () => {
  it("draws every channel of a layer, each its own, and goes on where it stopped", async () => {
    const words = `--layer conv2_1 --batch 4 --out ${at("whole")}`;
    expect(await run(words)).toMatchObject({ drawn: 6, found: 0 });
    const layer = at("whole/conv2_1");
    expect(pictures(layer)).toEqual(["0000.png", "0001.png", "0002.png", "0003.png", "0004.png", "0005.png"]);
    for (const channel of [2, 5]) {
      const out = at(`channel-${channel}.png`);
      const render = `render --model ${at("net.safetensors")} --objective channel:conv2_1:${channel} --recipe default`;
      expect((await ascent(`${render} ${SETTINGS} --out ${out}`.split(" "))).code).toBe(0);
      expect(readFileSync(`${layer}/000${channel}.png`)).toEqual(readFileSync(out));
    }
    expect(await run(words)).toMatchObject({ drawn: 0, found: 6 });
    const lost = readFileSync(`${layer}/0005.png`);
    rmSync(`${layer}/0005.png`);
    expect(await run(words)).toMatchObject({ drawn: 2, found: 4 });
    expect(readFileSync(`${layer}/0005.png`)).toEqual(lost);
    const page = readFileSync(`${layer}/index.html`, "utf8");
    expect(page.match(/<img src="\d{4}\.png" alt="Channel \d of conv2_1"/g)).toHaveLength(6);
    expect(readFileSync(at("whole/index.html"), "utf8")).toContain('href="conv2_1/index.html"');
  });

  it("parts of several machines, copied together, are the whole", async () => {
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
    expect(existsSync(at("first/conv2_2/0004.png"))).toBe(true);
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

  it("does not mix settings", async () => {
    await run(`--layer conv1_1 --out ${at("mixed")}`);
    const other = `atlas --model ${at("net.safetensors")} ${SETTINGS} --lr 0.5 --layer conv1_1 --out ${at("mixed")}`;
    const { code, stdout, stderr } = await ascent(other.split(" "));
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^ascent: --out: .*other settings; .*atlas\.json\n$/);
  });
});
