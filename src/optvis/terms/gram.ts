/** Gram matrices of activations, and the way back through them; formulas in shaders/gram.wgsl. */
import { gram_backward, gram_forward } from "../../../shaders/gram.wgsl";
import { type BufferRef, type Dispatch, dispatch, fold } from "../../gpu/dispatch.ts";
import { type BackwardBuffers, type TermContext, weighted } from "./context.ts";
import type { TermData } from "./kind.ts";

/** A buffer of one (C,C) matrix an image. */
export function matrices(
  { index, batch, shape, memory }: TermContext<TermData>,
  name: "gram" | "normalized" | "difference",
): string {
  const role = name === "gram" ? "kept" : "workspace";
  return memory.buffer(`term${index}.${name}`, role, 4 * batch * shape.channels ** 2);
}

/** The uniform of every kernel of shaders/gram.wgsl. */
export function gramUniform(
  { index, batch, shape }: TermContext<TermData>,
  scale: number,
  accumulate = false,
) {
  const { channels, height, width } = shape;
  return { batch, channels, area: height * width, slot: index, accumulate: accumulate ? 1 : 0, scale };
}

/** G = a·aᵀ/HW of every image. */
export function gramMatrices(
  context: TermContext<TermData>,
  activation: BufferRef,
  target: string,
): Dispatch {
  return dispatch(gram_forward, {
    label: `${context.term.layer} Gram matrices`,
    buffers: { activation, gram: target },
    uniform: gramUniform(context, 0),
    workgroups: fold(context.batch * context.shape.channels ** 2),
  });
}

/** da = weight · factor · D·a. */
export function fromMatrix(
  context: TermContext<TermData>,
  factor: number,
  accumulate: boolean,
  differences: string,
  { activation, gradient }: BackwardBuffers,
): Dispatch {
  const { channels, height, width } = context.shape;
  const { value: scale, live } = weighted(context, factor);
  return dispatch(gram_backward, {
    label: `${context.term.layer} ${context.term.kind} backward`,
    buffers: { activation, differences, gradient },
    uniform: gramUniform(context, scale, accumulate),
    workgroups: fold(context.batch * channels * height * width),
    live,
  });
}
