/** What native code crashes is started again, once; and nothing is left of a command, however it ends. Linux's /proc tells. */

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { DeviceError } from "../../src/errors.ts";
import { openRuntime } from "../../src/node/runtime.ts";
import { defaultRecipe } from "../../src/optvis/recipe.ts";
import { dist } from "../stacks/dist.ts";
import { ROOT, stackEnvironment, wantedStacks } from "../stacks/environment.ts";
import { childrenOf, groupOf, processesWith } from "../support/processes.ts";
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

/** What runs the jobs of a process: Dawn's process, or the browser; not the browser's guard. */
function workersOf(parent: number | undefined): number[] {
  const children = childrenOf(parent as number);
  return children
    .filter(({ command }) => /dawn-process\.js|\/ascent-(chromium|firefox)-\w+\/profile/.test(command))
    .map(({ pid }) => pid);
}

/** Processes in which a browser runs its pages; Dawn's process itself. */
function pagesOf(worker: number): number[] {
  const pages = groupOf(worker).filter(({ command }) =>
    /--type=renderer|-contentproc .* tab\s*$/.test(command),
  );
  return pages.length > 0 ? pages.map(({ pid }) => pid) : [worker];
}

/** Nothing of a command runs any more, and no home of a browser is left. */
async function expectGone({ temporary }: Running, workers: readonly number[]): Promise<void> {
  await vi.waitFor(() => {
    expect(processesWith(`${temporary}/ascent-`)).toEqual([]);
    expect(readdirSync(temporary).filter((name) => name.startsWith("ascent-"))).toEqual([]);
    expect(workers.filter((pid) => existsSync(`/proc/${pid}`))).toEqual([]);
  }, POLL);
}

const atlas = (out: string, runtime: string, iterations: number): string =>
  `atlas --model ${at("net.safetensors")} --layer conv1_1 --size 24 --iterations ${iterations} --batch 1 --out ${at(out)} --runtime ${runtime} --json`;

const pictures = (out: string): number => {
  const folder = at(`${out}/conv1_1`);
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".png")).length : 0;
};

describe.skipIf(process.platform !== "linux").each(stacks)("on %s", { timeout: LIMIT }, (stack) => {
  it.concurrent("an atlas in which the runtime is killed is drawn whole, and says so", async () => {
    const out = `killed-${stack}`;
    const running = start(out, atlas(out, stack, 60));
    await vi.waitUntil(() => pictures(out) > 0, POLL);
    const workers = workersOf(running.child.pid);
    expect(workers).toHaveLength(1);
    for (const pid of workers) process.kill(pid, "SIGKILL");
    const { code, stdout, stderr } = await running.outcome;
    expect(stderr).toMatch(
      /^ascent: conv1_1, channels \d: (Dawn|the page in \w+) ended before the work was done.*; started again\n$/,
    );
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ drawn: 4, found: 0 });
    expect(pictures(out)).toBe(4);
    await expectGone(running, workers);
  });

  it("one runtime runs job after job; a job in which it is killed twice fails; close() leaves nothing", async () => {
    const runtime = openRuntime({ path: at("net.safetensors") }, stack);
    const recipe = { ...defaultRecipe, objective: "class:0", size: [16, 16], iterations: 2 } as const;
    const run = (iterations: number, context: object = {}) =>
      runtime.run(
        { method: "render", options: { recipe: { ...recipe, iterations } } },
        { startedAt: Date.now(), ...context },
      );
    const [first, second] = [await run(2), workersOf(process.pid)];
    expect(second).toHaveLength(1);
    expect((await run(2)).tensors).toEqual(first.tensors);
    expect(workersOf(process.pid)).toEqual(second);
    const killed = new Set<number>();
    const onRestart = vi.fn();
    const onProgress = (): void => {
      for (const pid of workersOf(process.pid).filter((pid) => !killed.has(pid))) {
        killed.add(pid);
        // First its page crashes, then all of it.
        for (const one of killed.size === 1 ? pagesOf(pid) : [pid]) process.kill(one, "SIGKILL");
      }
    };
    const failure = await run(1_000_000, { onProgress, onRestart }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(DeviceError);
    expect(failure).toMatchObject({
      message: expect.stringMatching(/^(Dawn|the page in \w+) ended before the work was done/),
      remedy: expect.stringMatching(/smaller size or batch/),
    });
    expect(onRestart).toHaveBeenCalledTimes(1);
    expect(killed.size).toBe(2);
    // The next job has a runtime again.
    expect((await run(2)).tensors).toEqual(first.tensors);
    await runtime.close();
    expect(workersOf(process.pid)).toEqual([]);
    await expect(run(2)).rejects.toThrow(/closed/);
  });

  it.concurrent.each(["SIGKILL", "SIGTERM", "SIGINT"] as const)(
    "nothing is left of a command ended by %s",
    async (signal) => {
      const out = `${signal}-${stack}`;
      const running = start(out, atlas(out, stack, 100_000));
      await vi.waitUntil(() => workersOf(running.child.pid).length > 0, POLL);
      const workers = workersOf(running.child.pid);
      // It has told the guard by then.
      await setTimeout(200);
      running.child.kill(signal);
      await running.outcome;
      await expectGone(running, workers);
    },
  );
});
