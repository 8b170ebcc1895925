/**
 * Sums over a part of each image's activations, gradients or pixels. A kernel leaves 64 partial sums an image in a slot
 * of `partials`; another adds the slots up. The order is fixed, so the same input gives the same bits.
 */
import { reduce_partials, reduce_total } from "../../shaders/reduce.wgsl";
import { type BufferRef, type Dispatch, dispatch, type LiveUniform } from "../gpu/dispatch.ts";

/** Partial sums of one slot and image. */
export const PARTIALS = 64;
/** A workgroup has at least so many elements: its invocations wait for each other at its end, which costs time. */
const ELEMENTS = 1024;

export interface Reduction {
  readonly batch: number;
  /** Elements of one image. */
  readonly stride: number;
  /** The part of each image that is summed. */
  readonly offset: number;
  readonly count: number;
  readonly slot: number;
  readonly scale: number;
  readonly live?: LiveUniform;
}

/** Bytes of the partial sums of `slots` slots. */
export function partialsBytes(batch: number, slots: number): number {
  return 4 * PARTIALS * batch * slots;
}

/** The field `what` of shaders/reduce.wgsl. One kernel does all three, so that it is compiled once. */
const WHAT = { sum: 0, squares: 1, absolute: 2 } as const;

/** partials[slot] = scale · Σ x, or Σ x², or Σ |x|. */
export function reducePartials(
  label: string,
  what: keyof typeof WHAT,
  reduction: Reduction,
  buffers: { readonly input: BufferRef; readonly partials: BufferRef },
): Dispatch {
  const { batch, stride, offset, count, slot, scale, live } = reduction;
  const groups = Math.min(PARTIALS, Math.ceil(count / ELEMENTS));
  return dispatch(reduce_partials, {
    label,
    buffers,
    uniform: { batch, stride, offset, count, slot, what: WHAT[what], scale, groups },
    workgroups: [groups, batch, 1],
    bytes: 4 * batch * count,
    ...(live && { live: { scale: live } }),
  });
}

/** totals[step mod ring, n] = the slots' partial sums added up in order. */
export function reduceTotal(
  label: string,
  total: {
    readonly batch: number;
    readonly firstSlot: number;
    readonly slots: number;
    readonly ring: number;
  },
  buffers: { readonly finished: BufferRef; readonly state: BufferRef; readonly totals: BufferRef },
): Dispatch {
  return dispatch(reduce_total, {
    label,
    buffers,
    uniform: total,
    workgroups: [Math.ceil(total.batch / 64), 1, 1],
  });
}
