/** The results as tables in Markdown. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { ContenderName, ContenderOutcome, Result } from "./outcome.ts";

const FOLDER = resolve(dirname(resolve(process.argv[1] as string)), "../../../.cache/peers");
export const RESULTS = `${FOLDER}/results.jsonl`;
export const PYTORCH = `${FOLDER}/pytorch.jsonl`;

const TITLES: Readonly<Record<ContenderName, string>> = {
  ascent: "Ascent",
  before: "Ascent before",
  tfjs: "TensorFlow.js",
  jax: "jax-js",
  ort: "onnxruntime-web",
  "ort-wasm": "onnxruntime-web, WebAssembly, 2 threads",
};

export function readResults(): Result[] {
  if (!existsSync(RESULTS)) return [];
  return lines(RESULTS).map((line) => JSON.parse(line) as Result);
}

function lines(file: string): string[] {
  return readFileSync(file, "utf8").trim().split("\n");
}

interface PytorchLine {
  readonly size: number;
  readonly target: string;
  readonly iterationsPerSecond: number;
  readonly firstSeconds: number;
  readonly version: string;
  readonly precision: string;
  /** Name of the GPU, or `CPU, 2 threads`. */
  readonly device: string;
}

/** The latest result of each cell. */
export function printTable(results: readonly Result[]): void {
  const latest = new Map(
    results.map((result) => [
      `${result.browser} ${result.size} ${result.target} ${result.contenders.join()}`,
      result,
    ]),
  );
  const rows = [...latest.values()].flatMap(rowsOf);
  const head = [
    "work",
    "browser, adapter",
    "library",
    "iterations/s",
    "to the best peer",
    "over the matrix product",
    "first picture, s",
    "gradient error, median",
  ];
  process.stdout.write(`${markdown([head, ...rows, ...pytorchRows(results)])}\n`);
}

function rowsOf(result: Result): string[][] {
  const { outcome, size, target, browser, date } = result;
  const matmul = median(outcome.matmulGflops);
  const peers = outcome.contenders.filter(({ name }) => name !== "ascent" && name !== "before");
  const best = Math.max(...peers.map(rateOf));
  return outcome.contenders.map((contender) => {
    const rate = rateOf(contender);
    const ratio = contender.name === "ascent" && peers.length > 0 ? `${figure(rate / best)}×` : "";
    return [
      `${size}², ${target}`,
      `${browser} ${browserVersion(outcome.userAgent)}, ${outcome.adapter}, ${date}`,
      `${TITLES[contender.name]} ${contender.version}`,
      `${figure(rate)} (${spread(contender)})`,
      ratio,
      `${figure((outcome.flops * rate) / 1e9 / matmul)} of ${figure(matmul)} GFLOP/s`,
      figure(contender.firstSeconds),
      contender.medianError.toExponential(1),
    ];
  });
}

function pytorchRows(results: readonly Result[]): string[][] {
  if (!existsSync(PYTORCH)) return [];
  const latest = new Map(
    lines(PYTORCH).map((line) => {
      const entry = JSON.parse(line) as PytorchLine;
      return [`${entry.size} ${entry.target} ${entry.precision} ${entry.device}`, entry];
    }),
  );
  return [...latest.values()]
    .filter(({ size, target }) => results.some((result) => result.size === size && result.target === target))
    .map(({ size, target, iterationsPerSecond, firstSeconds, version, precision, device }) => [
      `${size}², ${target}`,
      `none: ${device}`,
      `PyTorch ${version}, ${precision}`,
      figure(iterationsPerSecond),
      "",
      "",
      figure(firstSeconds),
      "",
    ]);
}

function rateOf({ secondsPerIteration }: ContenderOutcome): number {
  return 1 / median(secondsPerIteration);
}

/** Slowest to fastest turn. */
function spread({ secondsPerIteration }: ContenderOutcome): string {
  const rates = secondsPerIteration.map((seconds) => 1 / seconds);
  return `${figure(Math.min(...rates))}–${figure(Math.max(...rates))}`;
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return ((low as number) + (high as number)) / 2;
}

function figure(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function browserVersion(userAgent: string): string {
  return /(?:Firefox|Chrome)\/(\d+)/.exec(userAgent)?.[1] ?? "";
}

function markdown(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows;
  const line = (row: readonly string[]) => `| ${row.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...body.map(line)].join("\n");
}
