/**
 * `npm run bench`: the command line's `bench` on Dawn and in both browsers, as one table. Without arguments
 * it measures the embedded network; with `--model`, `--objective` and `--size` whatever they name.
 */

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { BenchReport } from "../methods/bench.ts";
import { figure, table } from "../methods/shared/text.ts";

const runtimes = ["dawn", "chromium", "firefox"] as const;

const standard: readonly (readonly string[])[] = [
  ["--model", "embedded", "--objective", "class:goldfish", "--size", "64"],
  ["--model", "embedded", "--objective", "class:goldfish", "--size", "128"],
  ["--model", "embedded", "--objective", "channel:relu3_1:7", "--size", "224"],
];

/** Each measurement is a process of its own, so that none inherits another's caches, memory or fate. */
function measure(work: readonly string[], runtime: string): readonly string[] {
  const cli = fileURLToPath(new URL("cli.js", import.meta.url));
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [cli, "bench", ...work, "--runtime", runtime, "--json"],
    { encoding: "utf8", maxBuffer: 2 ** 28 },
  );
  const name = work.filter((word, i) => !word.startsWith("--") && work[i - 1] !== "--model").join(" ");
  if (status !== 0) return [name, runtime, (stderr ?? "").trim().split("\n").at(-1) || `exit code ${status}`];
  const report = JSON.parse(stdout) as BenchReport;
  return [
    name,
    runtime,
    figure(report.iterationsPerSecond),
    figure(report.gflops),
    figure(report.firstImageSeconds),
    figure(report.allocatedBytes / 2 ** 20),
  ];
}

const given = process.argv.slice(2);
const rows: (readonly string[])[] = [];
for (const work of given.length > 0 ? [given] : standard) {
  for (const runtime of runtimes) {
    const row = measure(work, runtime);
    process.stderr.write(`${row.join("  ")}\n`);
    rows.push(row);
  }
}
process.stdout.write(
  `${table([["work", "runtime", "iterations/s", "GFLOP/s", "first image, s", "memory, MiB"], ...rows])}\n`,
);
