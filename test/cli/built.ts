/** The command line as people get it: built, and run as a process of its own. */

import { execFile } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { readHeader, readTensor, writeSafetensors } from "../../src/model/safetensors.ts";
import { bytesSource } from "../../src/model/source.ts";
import { dist } from "../stacks/dist.ts";
import { ROOT } from "../stacks/environment.ts";

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command line as built, and a folder for files. */
export interface BuiltCommandLine {
  /** Runs `ascent` with these words and waits for its end. */
  ascent(words: readonly string[], env?: NodeJS.ProcessEnv): Promise<Outcome>;
  /** Path of a file in the folder. */
  at(name: string): string;
  remove(): void;
}

export function commandLine(): BuiltCommandLine {
  const folder = join(ROOT, ".cache", `command-line-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  const program = dist("node/cli.js");
  return {
    ascent: (words, env) => run(process.execPath, [program, ...words], env),
    at: (name) => `${folder}/${name}`,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export function run(file: string, words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  const options = { cwd: ROOT, env: { ...process.env, ...env }, maxBuffer: 2 ** 26 };
  return new Promise((resolve) => {
    const child = execFile(file, words, options, (_, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, stdout, stderr });
    });
  });
}

/** Numbers in [−1, 1) without a pattern. */
export function numbers(count: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/** Two blocks (4, pool, 6, 5), global average pool, and three classes; preprocessing `imagenet`. */
export function writeSmallNetwork(path: string): void {
  const shapes: Record<string, readonly number[]> = {
    "features.0.weight": [4, 3, 3, 3],
    "features.3.weight": [6, 4, 3, 3],
    "features.5.weight": [5, 6, 3, 3],
    "classifier.weight": [3, 5],
  };
  const tensors: Record<string, { shape: readonly number[]; data: Float32Array }> = {};
  for (const [i, [name, shape]] of Object.entries(shapes).entries()) {
    const count = shape.reduce((product, n) => product * n, 1);
    // He et al. 2015: the variance that keeps activations at their size.
    const spread = Math.sqrt(6 / (count / (shape[0] as number)));
    tensors[name] = { shape, data: numbers(count, i + 1).map((x) => x * spread) };
    const bias = name.replace("weight", "bias");
    tensors[bias] = {
      shape: [shape[0] as number],
      data: numbers(shape[0] as number, i + 11).map((x) => x * 0.1),
    };
  }
  // The file says what its names do not tell, so that nothing is assumed and nothing is told on stderr.
  const metadata = {
    ...{ preprocess: "imagenet", padding: "1", layers: "conv pool conv conv pool" },
    classes: JSON.stringify(["cat", "red panda", "sports car"]),
  };
  writeFileSync(path, writeSafetensors(tensors, metadata));
}

export async function readTensors(
  path: string,
): Promise<Record<string, { shape: readonly number[]; data: Float32Array }>> {
  const source = bytesSource(path, await readFile(path));
  const header = await readHeader(source);
  const entries = await Promise.all(
    [...header.tensors.keys()].map(async (name) => [name, await readTensor(source, header, name)] as const),
  );
  return Object.fromEntries(entries);
}
