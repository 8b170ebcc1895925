/**
 * Times the variants of convolution kernels on the shapes of a plan, and remembers the times. A run keeps the kernels
 * that it began with, so that it can be repeated: the times serve the next start. The first start does not wait for them.
 * It runs the variants that are guessed for the adapter (variant-guess.ts).
 *
 * On a slow adapter only a few rows of each shape are timed, so that tuning takes no longer than two iterations. If time
 * runs out, the rest is measured after the next start. Without timestamps a candidate runs for ten times the error of the
 * clock (a second in Firefox), so one tuning measures one candidate there.
 */
import type { Gpu } from "../../gpu/device.ts";
import type { BufferRef, Dispatch } from "../../gpu/dispatch.ts";
import { Executable } from "../../gpu/executable.ts";
import { type BufferSpec, programOf } from "../../gpu/program.ts";
import { timeBlock, timeGrain, trialOf } from "../../gpu/timing.ts";
import { reluBitsBytes } from "../../nn/bits.ts";
import {
  type ChooseVariant,
  type ConvVariant,
  type ConvVariantName,
  type Correlation,
  correlationFlops,
  variantOf,
} from "../../nn/conv3x3.ts";
import {
  fingerprints,
  recall,
  remember,
  type ShapeTimes,
  type TuningRecord,
  type TuningStorage,
} from "./tuning-memory.ts";
import { type ConvolutionPass, candidates, shapeKey } from "./variants.ts";

export interface TuningOptions {
  /** Whether kernels in half precision may be chosen; by default they may not. */
  readonly f16?: boolean | undefined;
  /** Milliseconds that kernels may run. Compiling them takes more. */
  readonly budgetMs?: number;
}

export interface TuningReport {
  /** Passes measured in this tuning. */
  readonly measured: number;
  /** Milliseconds that kernels ran, warming up included. */
  readonly ranMs: number;
  /** Milliseconds from start to end, compiling included. */
  readonly tookMs: number;
  /** Whether every candidate of every shape has been measured by now. */
  readonly complete: boolean;
}

/** Milliseconds that a tuning may take on a GPU. On a slower adapter it may take as long as two iterations. */
export const TUNING_MS = 300;
/** Shortest run that timestamps can measure: browsers round them to 0.1 ms. */
const BLOCK_MS = 1;
/** A slice has a multiple of this many rows: whole tiles of every variant. */
const SLICE_ROWS = 8;
/** A slice has at least this many pixels: what two invocations of the largest product compute, 16 tiles of 4×4 each. */
const SLICE_PIXELS = 512;

/**
 * The fastest variant of every pass on this adapter, by the times measured so far. Where there are none it is the guess.
 * The guess stays until another variant is faster.
 */
export async function rememberedVariants(
  gpu: Gpu,
  guess: ChooseVariant,
  storage: TuningStorage,
  options: TuningOptions = {},
): Promise<ChooseVariant> {
  const timesOf = knownTimes(gpu, await recall(gpu, storage), options);
  return (layer, pass, correlation) => {
    const variant = guess(layer, pass, correlation);
    const times = timesOf({ layer, pass, correlation, variant });
    const [best] = times.toSorted((a, b) => a.milliseconds - b.milliseconds);
    // A guess that is a candidate stays until it was measured too.
    const able = candidates(gpu.device, options);
    const compared = !able.includes(variant) || times.some((time) => time.variant === variant);
    return compared && best ? best.variant : variant;
  };
}

/** Measures what is not remembered yet of the plan's passes, the larger ones first. */
export async function tuneKernels(
  gpu: Gpu,
  passes: readonly ConvolutionPass[],
  storage: TuningStorage,
  options: TuningOptions = {},
): Promise<TuningReport> {
  const start = performance.now();
  const record: Record<string, ShapeTimes> = { ...(await recall(gpu, storage)) };
  const todo = unmeasured(gpu, passes, knownTimes(gpu, record, options), options);
  const sourcesOf = fingerprints();
  const flops = todo.reduce((sum, { pass }) => sum + correlationFlops(pass.correlation), 0);
  const budget = options.budgetMs ?? TUNING_MS;
  const grain = todo.length > 0 ? await timeGrain(gpu) : 0;
  let ranMs = 0;
  let measured = 0;
  for (const { pass, variant } of todo) {
    if (ranMs >= budget) break;
    const share = (budget * correlationFlops(pass.correlation)) / flops;
    const { millisecondsPerRow, ran } = await timeVariant(gpu, pass, variant, share, grain);
    ranMs += ran;
    measured++;
    const sources = sourcesOf(dispatchesOf(variantOf(variant), pass, pass.correlation));
    const timing = { milliseconds: millisecondsPerRow, sources };
    record[shapeKey(pass)] = { ...record[shapeKey(pass)], [variant]: timing };
  }
  if (measured > 0) await remember(gpu, storage, record);
  return { measured, ranMs, tookMs: performance.now() - start, complete: measured === todo.length };
}

interface Measurement {
  readonly pass: ConvolutionPass;
  readonly variant: ConvVariantName;
}

/** Candidates to time, for every shape once: those without a time of their present sources. The default comes first. */
function unmeasured(
  gpu: Gpu,
  passes: readonly ConvolutionPass[],
  timesOf: ReturnType<typeof knownTimes>,
  options: TuningOptions,
): Measurement[] {
  const shapes = new Map(passes.map((pass) => [shapeKey(pass), pass]));
  return [...shapes.values()]
    .sort((a, b) => correlationFlops(b.correlation) - correlationFlops(a.correlation))
    .flatMap((pass) => {
      const known = timesOf(pass).map(({ variant }) => variant);
      return candidates(gpu.device, options)
        .filter((variant) => !known.includes(variant))
        .sort((a, b) => Number(b === pass.variant) - Number(a === pass.variant))
        .map((variant) => ({ pass, variant }));
    });
}

/** Times of a pass's candidates; not of those whose sources have changed since. */
function knownTimes(gpu: Gpu, record: TuningRecord, options: TuningOptions) {
  const sourcesOf = fingerprints();
  return (pass: ConvolutionPass): { readonly variant: ConvVariantName; readonly milliseconds: number }[] => {
    const times = record[shapeKey(pass)] ?? {};
    return candidates(gpu.device, options).flatMap((variant) => {
      const timing = times[variant];
      if (!timing) return [];
      const sources = sourcesOf(dispatchesOf(variantOf(variant), pass, pass.correlation));
      return timing.sources === sources ? [{ variant, milliseconds: timing.milliseconds }] : [];
    });
  };
}

/** Runs a slice once to warm up. Then it times as much of the pass, or as many repeats, as `share` milliseconds allow. */
async function timeVariant(
  gpu: Gpu,
  pass: ConvolutionPass,
  variant: ConvVariantName,
  share: number,
  grain: number,
) {
  const convVariant = variantOf(variant);
  const slice = sliced(pass.correlation);
  const program = programOf(dispatchesOf(convVariant, pass, slice), buffersOf(convVariant, slice));
  const executable = await Executable.create(gpu, program);
  try {
    const trial = await trialOf(executable);
    const { milliseconds, ran } = await timeBlock(trial, Math.max(share / 2, BLOCK_MS), grain);
    return { millisecondsPerRow: milliseconds / slice.outputHeight, ran };
  } finally {
    executable.dispose();
  }
}

/** The first rows of the output, and the rows of the input that they need. */
export function sliced(pass: Correlation): Correlation {
  const rows = SLICE_ROWS * Math.ceil(SLICE_PIXELS / (SLICE_ROWS * pass.batch * pass.outputWidth));
  const outputHeight = Math.min(rows, pass.outputHeight);
  return { ...pass, outputHeight, inputHeight: outputHeight + 2 - 2 * pass.pad };
}

/** The variant's dispatches for a pass with the ReLU fused, as nearly every layer has it. */
function dispatchesOf(convVariant: ConvVariant, { pass }: ConvolutionPass, shape: Correlation): Dispatch[] {
  const workspace: Readonly<Record<string, BufferRef>> = Object.fromEntries(
    convVariant.workspace(shape).map(({ name }) => [name, name]),
  );
  const operands = { weights: "weights", input: "input", output: "output", workspace };
  const bits = convVariant.fusesRelu ? "bits" : undefined;
  return pass === "forward"
    ? convVariant.forward("tuning", shape, { ...operands, bias: "bias", bits })
    : convVariant.backwardInput("tuning", shape, { ...operands, mask: bits });
}

function buffersOf(convVariant: ConvVariant, shape: Correlation): BufferSpec[] {
  const { batch, inputChannels, outputChannels, inputHeight, inputWidth, outputHeight, outputWidth } = shape;
  const output = { channels: outputChannels, height: outputHeight, width: outputWidth };
  return [
    { name: "input", bytes: 4 * batch * inputChannels * inputHeight * inputWidth },
    { name: "output", bytes: 4 * batch * outputChannels * outputHeight * outputWidth },
    {
      name: "weights",
      bytes:
        convVariant.packing?.bytes(inputChannels, outputChannels) ?? 4 * 9 * inputChannels * outputChannels,
    },
    { name: "bias", bytes: 4 * outputChannels },
    { name: "bits", bytes: reluBitsBytes(batch, output) },
    ...convVariant.workspace(shape),
  ];
}
