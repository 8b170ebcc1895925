/**
 * The terms of an objective on the GPU: the value (partial sums) on the way forward, and the seed of the
 * gradient on the way back.
 */
import { seed_activation, seed_constant } from "../../shaders/objective.wgsl";
import { type BufferRef, type Dispatch, dispatch, fold } from "../gpu/dispatch.ts";
import type { Shape } from "../model/network.ts";
import type { Term } from "./objective.ts";
import { reducePartials } from "./reduce.ts";

/** Elements of one image that a `channel` or `neuron` term averages. */
function range(term: Term, { channels, height, width }: Shape): { offset: number; count: number } {
  const area = height * width;
  if (term.kind === "layer") return { offset: 0, count: channels * area };
  const first = (term.channel ?? 0) * area;
  if (term.kind === "channel") return { offset: first, count: area };
  const [y, x] = term.position ?? [Math.floor(height / 2), Math.floor(width / 2)];
  return { offset: first + y * width + x, count: 1 };
}

/** Key of the live value that holds term i's weight. */
export function weightKey(index: number): string {
  return `weight:${index}`;
}

/** weight · mean (channel, neuron) or weight · mean of squares (layer) of the activation, as partial sums. */
export function termForward(
  term: Term,
  index: number,
  batch: number,
  shape: Shape,
  buffers: { readonly input: BufferRef; readonly partials: BufferRef },
): Dispatch {
  const { offset, count } = range(term, shape);
  const stride = shape.channels * shape.height * shape.width;
  const what = term.kind === "layer" ? "squares" : "sum";
  const live = { key: weightKey(index), scale: 1 / count };
  const reduction = { batch, stride, offset, count, slot: index, scale: term.weight / count, live };
  return reducePartials(`${term.layer} ${term.kind} forward`, what, reduction, buffers);
}

/**
 * The gradient of the term with respect to the activation (N,C,H,W), set or added to `gradient`.
 * `activation` is read by `layer` terms alone.
 */
export function termBackward(
  term: Term,
  index: number,
  batch: number,
  shape: Shape,
  accumulate: boolean,
  buffers: { readonly activation: BufferRef; readonly gradient: BufferRef },
): Dispatch {
  const { offset, count } = range(term, shape);
  const stride = shape.channels * shape.height * shape.width;
  const scale = (term.kind === "layer" ? 2 : 1) / count;
  const options = {
    label: `${term.layer} ${term.kind} backward`,
    uniform: { batch, stride, offset, count, accumulate: accumulate ? 1 : 0, scale: scale * term.weight },
    workgroups: fold(batch * stride),
    // Written; read as well where it is added to, or where the activation is.
    bytes: 4 * batch * stride * (1 + (accumulate ? 1 : 0) + (term.kind === "layer" ? 1 : 0)),
    live: { scale: { key: weightKey(index), scale } },
  };
  const { activation, gradient } = buffers;
  return term.kind === "layer"
    ? dispatch(seed_activation, { ...options, buffers: { activation, gradient } })
    : dispatch(seed_constant, { ...options, buffers: { gradient } });
}
