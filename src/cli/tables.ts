/** Reports as text for people. */

import type { Limits } from "../engine/kernels/limits.ts";
import { type KernelTime, profileByKernel } from "../engine/run/profile.ts";
import type { ModelInfo } from "../methods/info.ts";
import type { BenchReport, RunReport } from "../methods/report.ts";

/** Rows of cells in columns: the first one to the left, the others to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  }
  const line = (row: readonly string[]): string =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join("  ");
  return rows.map((row) => line(row).trimEnd()).join("\n");
}

const count = (n: number): string => n.toLocaleString("en-US");

/** Four significant digits, no exponent for ordinary sizes. */
export function figure(value: number | null): string {
  if (value === null) return "–";
  return Math.abs(value) >= 1000 ? count(Math.round(value)) : String(Number(value.toPrecision(4)));
}

function mebibytes(bytes: number): string {
  return `${figure(bytes / 2 ** 20)} MiB`;
}

export function infoText(info: ModelInfo): string {
  const rows = info.layers.map((layer) => [
    layer.name,
    layer.shape.join("×"),
    layer.parameters > 0 ? count(layer.parameters) : "",
    layer.receptiveField === null ? "whole image" : String(layer.receptiveField),
  ]);
  const parts = [
    `${info.name}: ${count(info.parameters)} parameters, preprocessing ${info.preprocess}, at ${info.size.join("×")}`,
    "",
    table([["layer", "output", "parameters", "receptive field"], ...rows]),
  ];
  if (info.classes.length > 0) {
    const shown = info.classes.slice(0, 100);
    const more = info.classes.length - shown.length;
    const list = shown.join(", ") + (more > 0 ? `, … and ${more} more (--json has all)` : "");
    parts.push("", `${info.classes.length} classes: ${list}`);
  }
  if (info.unusedTensors.length > 0) parts.push("", `Tensors not used: ${info.unusedTensors.join(", ")}`);
  return parts.join("\n");
}

export function runText(report: RunReport): string {
  const rate =
    report.iterationsPerSecond === null ? "" : `, ${figure(report.iterationsPerSecond)} iterations a second`;
  return `${report.iterations} iterations on ${report.adapter}${rate}; objective ${figure(report.finalObjective)}`;
}

function share(part: number, whole: number): string {
  return whole > 0 ? `${figure((100 * part) / whole)} % of the time` : "";
}

export function benchText(report: BenchReport): string {
  const rows = [
    ["adapter", report.adapter],
    ["iterations a second", figure(report.iterationsPerSecond)],
    ["GFLOP an iteration", figure(report.flops / 1e9)],
    ["GFLOP/s", figure(report.gflops)],
    ["encoding", share(report.encodingSeconds, report.seconds)],
    ["first image", `${figure(report.firstImageSeconds)} s`],
    ["memory planned", mebibytes(report.plannedBytes)],
    ["memory allocated", mebibytes(report.allocatedBytes)],
  ];
  const parts = [table(rows)];
  const { kernelTimes, profile, choices, tuning } = report;
  if (choices.length > 0) parts.push("", `Convolution kernels: ${choices.join(", ")}`);
  if (tuning) {
    const rest = tuning.complete ? "" : "; the rest follows at the next --tune";
    parts.push("", `Tuned: ${tuning.measured} measured in ${figure(tuning.ranMs)} ms of kernels${rest}.`);
  }
  if (kernelTimes) {
    const limits = profile?.limits ?? null;
    parts.push("", kernelTable(profile?.kernels ?? profileByKernel(kernelTimes, null), limits));
    if (limits) parts.push("", limitsText(limits));
  }
  return parts.join("\n");
}

/** Kernels by the time they take in one iteration; against the adapter's limits where those were measured. */
function kernelTable(kernels: readonly KernelTime[], limits: Limits | null): string {
  const percent = (fraction: number | null) => (fraction === null ? "" : `${(100 * fraction).toFixed(1)} %`);
  const rate = (value: number | null) => (value === null ? "" : figure(value));
  const rows = kernels.map(({ kernel, dispatches, milliseconds, share, gflops, gbs, ofLimit }) => [
    kernel,
    String(dispatches),
    milliseconds.toFixed(3),
    percent(share),
    rate(gflops),
    rate(gbs),
    ...(limits ? [percent(ofLimit)] : []),
  ]);
  const head = ["kernel", "dispatches", "ms an iteration", "share", "GFLOP/s", "GB/s"];
  return table([limits ? [...head, "of the limit"] : head, ...rows]);
}

function limitsText({ fmaGflops, copyGbs, matmulGflops }: Limits): string {
  return (
    `This adapter's limits: ${figure(fmaGflops)} GFLOP/s of multiply-adds in registers, ` +
    `${figure(copyGbs)} GB/s copying; a plain matrix product runs at ${figure(matmulGflops)} GFLOP/s.`
  );
}
