/** `bench`: how fast an ascent runs here, what it computes, and what memory it takes. */
import { type Limits, measureLimits } from "../engine/kernels/limits.ts";
import type { TuningReport } from "../engine/kernels/tuner.ts";
import { formatVariants, parseVariants } from "../engine/kernels/variant-text.ts";
import { createAscent } from "../engine/run/ascent.ts";
import { type DispatchTime, type KernelTime, profileByKernel } from "../engine/run/profile.ts";
import { tunedConvolutionNames } from "../model/shapes.ts";
import { text, toggle } from "../optvis/field.ts";
import { method } from "./method.ts";
import { figure, mebibytes, table } from "./shared/text.ts";
import { type RunReport, timedRun } from "./shared/timed-run.ts";

export interface BenchReport extends RunReport {
  readonly batch: number;
  readonly size: readonly [height: number, width: number];
  /** Multiplications and additions of one iteration's whole layers, forward and backward, for the whole batch. */
  readonly flops: number;
  /** flops · iterationsPerSecond / 10⁹; null if there was nothing to time. */
  readonly gflops: number | null;
  /** Bytes the plan says it needs. */
  readonly plannedBytes: number;
  /** Bytes of the buffers that were really made. */
  readonly allocatedBytes: number;
  /** Each dispatch of one iteration, in order, from a separate profiling run, never the timed one; null without timestamp queries. */
  readonly kernelTimes: readonly DispatchTime[] | null;
  /** The variant of every convolution's passes, `LAYER.PASS=VARIANT`. Joined by commas they can be given to `--kernels`. */
  readonly choices: readonly string[];
  /** What `--tune` did; it serves the next start. */
  readonly tuning: TuningReport | null;
  /** Where it was asked for and the device has timestamp queries: what the adapter can do, and kernels against it. */
  readonly profile: { readonly limits: Limits; readonly kernels: readonly KernelTime[] } | null;
}

const options = {
  profile: toggle({
    label: "Profile",
    help: "measure what the adapter can do, and each kernel against it",
    default: false,
  }),
  kernels: text({
    label: "Kernels",
    help: "convolution kernels: VARIANT, or LAYER[.forward|.backward]=VARIANT, …",
    default: "",
    leftOut: "",
    empty: true,
    most: 4096,
    placeholder: "pins",
  }),
  tune: toggle({
    label: "Tune",
    help: "time the kernels on this device afterwards; the next start takes the fastest (dawn)",
    default: false,
  }),
};

/** Runs the recipe as `render` does, then once more with every dispatch timed where the device can. */
export const bench = method({
  name: "Bench",
  sentence: "Measure speed and memory of plain ascent, from noise.",
  source: "test/bench/README.md",
  input: "work",
  subject: "none",
  options,
  makes: {},
  examples: [
    "--model embedded --objective class:goldfish --size 128 --profile",
    "--model embedded --objective channel:relu3_1:7 --size 64 --json",
    "--model embedded --objective class:0 --size 128 --batch 4 --runtime firefox",
  ],
  steps: ({ recipe }) => recipe.iterations,
  check({ network }, { kernels }) {
    if (kernels !== undefined) parseVariants(kernels, tunedConvolutionNames(network));
  },
  async run(gpu, model, { recipe, photo, target, profile, kernels, tune }, context) {
    const storage = context?.storage;
    const tuning = storage && { storage };
    const ascent = await createAscent(gpu, model, recipe, { photo, target, kernels, tuning });
    try {
      const run = await timedRun(gpu, model, ascent, { recipe }, context);
      const { plan } = ascent;
      const kernelTimes = await ascent.profile();
      const limits = profile && kernelTimes ? await measureLimits(gpu) : null;
      const report: BenchReport = {
        ...run,
        batch: recipe.batch,
        size: recipe.size,
        flops: plan.flops,
        gflops: run.iterationsPerSecond === null ? null : (plan.flops * run.iterationsPerSecond) / 1e9,
        plannedBytes: plan.bytes,
        allocatedBytes: ascent.allocatedBytes,
        kernelTimes,
        kernels: ascent.kernels,
        choices: formatVariants(plan.convolutions),
        tuning: tune && storage ? await ascent.tune(storage) : null,
        profile: limits && kernelTimes && { limits, kernels: profileByKernel(kernelTimes, limits) },
      };
      return { report, tensors: {} };
    } finally {
      ascent.dispose();
    }
  },
  summary: benchText,
});

function share(part: number, whole: number): string {
  return whole > 0 ? `${figure((100 * part) / whole)} % of the time` : "";
}

function benchText(report: BenchReport): string {
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
