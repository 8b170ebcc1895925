/**
 * Optimizers: how the numbers that are optimised step along the gradient of the objective. The formulas are in
 * shaders/optimizer.wgsl. To add one, add its word and label to `optimizer` in `recipe-fields.ts`, its kernel to that
 * file, and its entry to the table here.
 */
import {
  advance,
  update_adam,
  update_mean,
  update_momentum,
  update_nadam,
  update_normalized,
  update_rms,
  update_rmsprop,
  update_sgd,
} from "../../shaders/optimizer.wgsl";
import { type BufferRef, type Dispatch, dispatch, fold } from "../gpu/dispatch.ts";
import { coloursOf, ofColours, vectorOf } from "../nn/preprocess.ts";
import type { OptimizerKind } from "./recipe.ts";

export interface Update {
  readonly batch: number;
  /** Numbers optimised for one image. */
  readonly length: number;
  /** Pixels of one. */
  readonly area: number;
  /** Units of 0–1 for pixels. */
  readonly lr: number;
  /** Part of every number that is lost at each step (Yosinski et al. 2015). */
  readonly decay: number;
  /** Colours to 0–1; for pixels. */
  readonly clamp: boolean;
  readonly mean: readonly number[];
}

export interface UpdateBuffers {
  readonly values: BufferRef;
  readonly gradient: BufferRef;
  /** Of the gradient, of each image (`normOf`). */
  readonly sums: BufferRef;
  readonly moment1: BufferRef;
  readonly moment2: BufferRef;
  readonly state: BufferRef;
}

/** One optimizer; its word and label are in `recipe-fields.ts`, and one without an entry here does not compile. */
interface Optimizer {
  /** Buffers that carry its state from step to step, zero at the start. */
  readonly moments: 0 | 1 | 2;
  /** What the step divides by is made of Σ g² or of Σ |g| of each image; absent where it needs neither. */
  readonly norm?: "squares" | "absolute";
  step(options: StepOptions, buffers: UpdateBuffers): Dispatch;
}

type StepOptions = ReturnType<typeof stepOptions>;

const OPTIMIZERS: Readonly<Record<OptimizerKind, Optimizer>> = {
  sgd: {
    moments: 0,
    step: (options, { values, gradient }) =>
      dispatch(update_sgd, { ...options, buffers: { values, gradient } }),
  },
  normalized: {
    ...{ moments: 0, norm: "squares" },
    step: (options, { values, gradient, sums }) =>
      dispatch(update_normalized, { ...options, buffers: { values, gradient, sums } }),
  },
  rms: {
    ...{ moments: 0, norm: "squares" },
    step: (options, { values, gradient, sums }) =>
      dispatch(update_rms, { ...options, buffers: { values, gradient, sums } }),
  },
  mean: {
    ...{ moments: 0, norm: "absolute" },
    step: (options, { values, gradient, sums }) =>
      dispatch(update_mean, { ...options, buffers: { values, gradient, sums } }),
  },
  momentum: {
    moments: 1,
    step: (options, { values, gradient, moment1 }) =>
      dispatch(update_momentum, { ...options, buffers: { values, gradient, moment1 } }),
  },
  adam: {
    moments: 2,
    step: (options, { values, gradient, moment1, moment2, state }) =>
      dispatch(update_adam, { ...options, buffers: { values, gradient, moment1, moment2, state } }),
  },
  rmsprop: {
    moments: 1,
    step: (options, { values, gradient, moment1 }) =>
      dispatch(update_rmsprop, { ...options, buffers: { values, gradient, moment1 } }),
  },
  nadam: {
    moments: 2,
    step: (options, { values, gradient, moment1, moment2, state }) =>
      dispatch(update_nadam, { ...options, buffers: { values, gradient, moment1, moment2, state } }),
  },
};

/** How many buffers carry the optimizer's state from step to step. */
export function momentsOf(kind: OptimizerKind): number {
  return OPTIMIZERS[kind].moments;
}

/** Which sums of each image's gradient the optimizer divides by; undefined where it needs none. */
export function normOf(kind: OptimizerKind): "squares" | "absolute" | undefined {
  return OPTIMIZERS[kind].norm;
}

/** One step along the gradient. */
export function update(kind: OptimizerKind, step: Update, buffers: UpdateBuffers): Dispatch {
  return OPTIMIZERS[kind].step(stepOptions(kind, step), buffers);
}

function stepOptions(kind: OptimizerKind, { batch, length, area, lr, decay, clamp, mean }: Update) {
  return {
    label: `update ${kind}`,
    uniform: { batch, length, area, lr, decay, clamp: clamp ? 1 : 0, mean: vectorOf(mean) },
    ...ofColours(coloursOf(mean)),
    workgroups: fold(batch * length),
    // Values and moments are read and written, the gradient is read.
    bytes: 4 * batch * length * (3 + 2 * momentsOf(kind)),
    live: { lr: { key: "lr", scale: 1 }, decay: { key: "decay", scale: 1 } },
  };
}

/** The state an ascent starts from: step 0, Adam's corrections 1 − β and NAdam's momentum of the first step. */
export function initialState(): ArrayBuffer {
  const state = new DataView(new ArrayBuffer(16));
  state.setUint32(0, 0, true);
  state.setFloat32(4, 1 - 0.9, true);
  state.setFloat32(8, 1 - 0.999, true);
  state.setFloat32(12, 0.9 * (1 - 0.5 * 0.96 ** 0.004), true);
  return state.buffer;
}

/** Ends an iteration: counts the step and moves Adam's corrections on. */
export function advanceState(state: BufferRef): Dispatch {
  return dispatch(advance, {
    label: "advance",
    buffers: { next: state },
    uniform: {},
    workgroups: [1, 1, 1],
  });
}
