/** Update steps on the numbers optimised along the gradient of the objective; formulas in shaders/optimizer.wgsl. */
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
import type { OptimizerKind } from "./recipe.ts";

/** Buffers that carry the optimizer's state from step to step, zero at the start. */
export function momentsOf(kind: OptimizerKind): number {
  return { sgd: 0, normalized: 0, rms: 0, mean: 0, momentum: 1, adam: 2, rmsprop: 1, nadam: 2 }[kind];
}

/** What the step divides by, made of Σ g² or Σ |g| of each image; undefined where it needs neither. */
export function normOf(kind: OptimizerKind): "squares" | "absolute" | undefined {
  if (kind === "normalized" || kind === "rms") return "squares";
  return kind === "mean" ? "absolute" : undefined;
}

export interface Update {
  readonly batch: number;
  /** Numbers optimised for one image. */
  readonly length: number;
  /** Pixels of one. */
  readonly area: number;
  /** RGB 0–1 units for pixels. */
  readonly lr: number;
  /** Part of every number that is lost at each step (Yosinski et al. 2015). */
  readonly decay: number;
  /** RGB to 0–1; for pixels. */
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

export function update(kind: OptimizerKind, step: Update, buffers: UpdateBuffers): Dispatch {
  const { values, gradient, sums, moment1, moment2, state } = buffers;
  const { batch, length, area, lr, decay, clamp, mean } = step;
  const options = {
    label: `update ${kind}`,
    uniform: { batch, length, area, lr, decay, clamp: clamp ? 1 : 0, mean: [...mean, 0] },
    workgroups: fold(batch * length),
    // Values and moments are read and written, the gradient is read.
    bytes: 4 * batch * length * (3 + 2 * momentsOf(kind)),
    live: { lr: { key: "lr", scale: 1 }, decay: { key: "decay", scale: 1 } },
  };
  switch (kind) {
    case "sgd":
      return dispatch(update_sgd, { ...options, buffers: { values, gradient } });
    case "normalized":
      return dispatch(update_normalized, { ...options, buffers: { values, gradient, sums } });
    case "rms":
      return dispatch(update_rms, { ...options, buffers: { values, gradient, sums } });
    case "mean":
      return dispatch(update_mean, { ...options, buffers: { values, gradient, sums } });
    case "momentum":
      return dispatch(update_momentum, { ...options, buffers: { values, gradient, moment1 } });
    case "rmsprop":
      return dispatch(update_rmsprop, { ...options, buffers: { values, gradient, moment1 } });
    case "nadam":
      return dispatch(update_nadam, { ...options, buffers: { values, gradient, moment1, moment2, state } });
    case "adam":
      return dispatch(update_adam, { ...options, buffers: { values, gradient, moment1, moment2, state } });
  }
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
