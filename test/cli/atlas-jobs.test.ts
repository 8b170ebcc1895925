/** The Slurm script and the Kubernetes Job of .github/docs/atlas.md do what they say: run as they stand there, but smaller. */
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dist } from "../stacks/dist.ts";
import { ROOT, stackEnvironment, wantedStacks } from "../stacks/environment.ts";
import { commandLine, run, writeSmallNetwork } from "./built.ts";

const { at, remove } = commandLine();
const LIMIT = 120_000;
const dawn = stackEnvironment("dawn").available && wantedStacks().includes("dawn");
const PAPER = readFileSync(join(ROOT, ".github/docs/atlas.md"), "utf8");

/** The code block in a language that holds a word. */
function example(language: string, word: string): string {
  const blocks = [...PAPER.matchAll(/^```(\w+)\n([\s\S]*?)^```/gm)];
  const block = blocks.find(([, tag, text = ""]) => tag === language && text.includes(word));
  expect(block).toBeDefined();
  return block?.[2] as string;
}

/** What a number stands for in an example. */
function numberIn(text: string, pattern: RegExp): number {
  return Number(pattern.exec(text)?.[1]);
}

/** With fewer channels, pixels and steps, and the network in the test's folder. */
function smaller(command: string, layer: string): string {
  const parts = /--model \S+ (--preprocess caffe) --size 128/;
  expect(command).toMatch(parts);
  return command.replace(
    parts,
    `--model ${at("net.safetensors")} $1 --size 12 --iterations 2 --layer ${layer}`,
  );
}

/** Runs a command in a shell once for every index; all must end well and say nothing on stderr. */
async function runAll(command: string, environments: readonly NodeJS.ProcessEnv[]): Promise<void> {
  const path = `${at("bin")}:${process.env["PATH"]}`;
  const outcomes = await Promise.all(
    environments.map((environment) => run("sh", ["-c", command], { PATH: path, ...environment })),
  );
  for (const { code, stderr } of outcomes) expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
}

function expectWhole(folder: string, layer: string, channels: number): void {
  const names = Array.from({ length: channels }, (_, channel) => `000${channel}.png`);
  expect(readdirSync(join(folder, layer)).sort()).toEqual([...names, "index.html"]);
  const page = readFileSync(join(folder, layer, "index.html"), "utf8");
  for (const name of names) expect(page).toContain(`src="${name}"`);
  expect(readFileSync(join(folder, "index.html"), "utf8")).toContain(`href="${layer}/index.html"`);
}

const indices = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

beforeAll(() => {
  writeSmallNetwork(at("net.safetensors"));
  mkdirSync(at("bin"));
  writeFileSync(at("bin/ascent"), `#!/bin/sh\nexec "${process.execPath}" "${dist("node/cli.js")}" "$@"\n`);
  chmodSync(at("bin/ascent"), 0o755);
}, LIMIT);

afterAll(remove);

describe.skipIf(!dawn)("the examples of an atlas on many machines", { timeout: LIMIT }, () => {
  it("draw it as a Slurm array into homes of their own, whose folders are copied together", async () => {
    const script = example("sh", "#SBATCH");
    const last = numberIn(script, /^#SBATCH --array=0-(\d+)$/m);
    expect(script).toMatch(/^#!\/bin\/sh\n/);
    const homes = indices(last + 1).map((index) => at(`home-${index}`));
    await runAll(
      smaller(script, "conv1_1"),
      homes.map((HOME, index) => ({ HOME, SLURM_ARRAY_TASK_ID: `${index}` })),
    );
    for (const home of homes) cpSync(join(home, "atlas"), at("merged"), { recursive: true });
    const drawn = homes.map((home) => readdirSync(join(home, "atlas/conv1_1")).length - 1);
    expect(drawn).toEqual([0, 1, 0, 1, 0, 1, 0, 1]);
    expectWhole(at("merged"), "conv1_1", 4);
  });

  it("draw it as an indexed Kubernetes Job onto one volume", async () => {
    const job = example("yaml", "kind: Job");
    const command = /^ +args: \['(.+)'\]$/m.exec(job)?.[1] as string;
    const completions = numberIn(job, /^ {2}completions: (\d+)$/m);
    expect(job).toMatch(/command: \[sh, -c\]/);
    mkdirSync(at("data"));
    await runAll(
      smaller(command, "conv2_2").replace("--out /data/", `--out ${at("data")}/`),
      indices(completions).map((index) => ({ JOB_COMPLETION_INDEX: `${index}` })),
    );
    expectWhole(at("data/atlas"), "conv2_2", 5);
  });
});
