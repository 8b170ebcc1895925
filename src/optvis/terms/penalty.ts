/** Penalties on the images themselves; formulas in shaders/penalty.wgsl. */
import { blur_columns, blur_rows } from "../../../shaders/blur.wgsl";
import {
  l1_backward,
  l1_forward,
  penalty_residual,
  residual_backward,
  residual_forward,
  root_backward,
  root_forward,
  variation_backward,
  variation_forward,
} from "../../../shaders/penalty.wgsl";
import { type BufferRef, type Dispatch, dispatch, fold } from "../../gpu/dispatch.ts";
import { PARTIALS } from "../reduce.ts";
import type { AlphaTerm, PenaltyTerm } from "../term.ts";
import { gains, type TermMemory, weighted } from "./context.ts";
import { termPasses } from "./terms.ts";

/** A penalty on the resident images u = RGB − mean, (N,3,H,W), or on their opacity. */
export interface PenaltyContext<T = PenaltyTerm | AlphaTerm> {
  readonly term: T;
  /** TermContext in the objective, which is the slot of partial sums. */
  readonly index: number;
  readonly batch: number;
  readonly size: readonly [height: number, width: number];
  readonly mean: readonly number[];
  readonly memory: TermMemory;
}

export interface PenaltyBuffers {
  readonly image: BufferRef;
  readonly gradient: BufferRef;
  readonly partials: BufferRef;
  /** The opacity of the images, (N,1,H,W), and its gradient. */
  readonly alpha: BufferRef;
  readonly alphaGradient: BufferRef;
}

/** The value as partial sums, and the gradient added to the images' one. */
export function penaltyPasses(place: PenaltyContext, buffers: PenaltyBuffers): PenaltyPasses {
  const { term } = place;
  return term.kind === "alpha"
    ? alphaPasses({ ...place, term }, buffers)
    : imagePasses({ ...place, term }, buffers);
}

interface PenaltyPasses {
  readonly forward: readonly Dispatch[];
  readonly backward: readonly Dispatch[];
}

/** The opacity is the activation of a layer of one channel, of which the mean is taken. */
function alphaPasses(
  { term, index, batch, size, memory }: PenaltyContext<AlphaTerm>,
  { alpha: activation, alphaGradient: gradient, partials }: PenaltyBuffers,
): PenaltyPasses {
  const channel = { ...term, kind: "channel", channel: 0 } as const;
  const shape = { channels: 1, height: size[0], width: size[1] };
  const { forward, backward } = termPasses({ term: channel, index, batch, shape, memory });
  return {
    forward: forward({ activation, partials }),
    backward: backward(true, { activation, gradient }),
  };
}

function imagePasses(place: PenaltyContext<PenaltyTerm>, buffers: PenaltyBuffers): PenaltyPasses {
  const { term, batch, memory, index } = place;
  const { image, gradient, partials } = buffers;
  const options = optionsOf(place);
  const { sums, each } = options;
  const shared = { image, gains: gains(place) };
  switch (term.kind) {
    case "l1":
      return {
        forward: [dispatch(l1_forward, { ...sums, buffers: { ...shared, partials } })],
        backward: [dispatch(l1_backward, { ...each, buffers: { ...shared, gradient } })],
      };
    case "l2": {
      const roots = memory.buffer(`term${index}.roots`, "workspace", 4 * batch);
      const once = { ...sums, workgroups: [batch, 1, 1] as const };
      return {
        forward: [dispatch(root_forward, { ...once, buffers: { ...shared, root: roots, partials } })],
        backward: [dispatch(root_backward, { ...each, buffers: { ...shared, roots, gradient } })],
      };
    }
    case "tv":
      return {
        forward: [dispatch(variation_forward, { ...sums, buffers: { ...shared, partials } })],
        backward: [dispatch(variation_backward, { ...each, buffers: { ...shared, gradient } })],
      };
    case "blur":
      return blurPasses(place, buffers);
  }
}

function blurPasses(place: PenaltyContext<PenaltyTerm>, { image, gradient, partials }: PenaltyBuffers) {
  const { batch, size, memory, index } = place;
  const { sums, each } = optionsOf(place);
  const bytes = 4 * 3 * batch * size[0] * size[1];
  const [rows, blurred, residual] = ["rows", "blurred", "residual"].map((name) =>
    memory.buffer(`term${index}.${name}`, "workspace", bytes),
  ) as [string, string, string];
  const { live: _, ...steady } = each;
  return {
    forward: [
      ...blurOf(place, image, rows, blurred),
      dispatch(penalty_residual, { ...steady, buffers: { image, blurred, residual } }),
      dispatch(residual_forward, {
        ...sums,
        buffers: { residuals: residual, gains: gains(place), partials },
      }),
    ],
    backward: [
      ...blurOf(place, residual, rows, blurred),
      dispatch(residual_backward, {
        ...each,
        buffers: { residuals: residual, blurred, gains: gains(place), gradient },
      }),
    ],
  };
}

function blurOf(
  place: PenaltyContext<PenaltyTerm>,
  input: BufferRef,
  rows: string,
  output: string,
): Dispatch[] {
  const { term, batch, size } = place;
  const [height, width] = size;
  const uniform = { planes: 3 * batch, height, width, sigma: term.amount };
  const workgroups = fold(3 * batch * height * width);
  return [
    dispatch(blur_rows, { label: "penalty rows", buffers: { input, output: rows }, uniform, workgroups }),
    dispatch(blur_columns, {
      label: "penalty columns",
      buffers: { input: rows, output },
      uniform,
      workgroups,
    }),
  ];
}

function optionsOf(place: PenaltyContext<PenaltyTerm>) {
  const { term, index, batch, size, mean } = place;
  const [height, width] = size;
  const { value: scale, live } = weighted(place, 1);
  const uniform = { batch, height, width, slot: index, scale, toward: term.amount, mean: [...mean, 0] };
  const label = `${term.kind} penalty`;
  return {
    sums: { label: `${label} forward`, uniform, live, workgroups: [PARTIALS, batch, 1] as const },
    each: { label: `${label} backward`, uniform, live, workgroups: fold(3 * batch * height * width) },
  };
}
