/**
 * The plan of an ascent: one objective, size and batch written out as dispatches over named buffers.
 * Plain data, made without a device, so it can be printed, tested and costed.
 *
 *     image → transforms → preprocess → conv relu pool … → objective         (forward)
 *     gradient ← transforms′ ← preprocess′ ← conv′ relu′ pool′ … ← seed      (backward)
 *     values ← optimizer step ← param′ ← gradient                            (update)
 *     values → param → image                                                 (end)
 */

import type { Dispatch } from "../../gpu/dispatch.ts";
import type { Size } from "../../model/network.ts";
import type { Upload } from "../../nn/layer.ts";
import type { Recipe } from "../../optvis/recipe.ts";
import type { Variants } from "../kernels/variant-choice.ts";
import type { ConvolutionPass } from "../kernels/variants.ts";
import type { Copy } from "./forward.ts";
import type { BufferSpec, Packing, Table } from "./memory.ts";

/** Variants default to `defaultVariant`, and where results must be exact to `convVariant` if given, else `exactVariant`. */
export interface PlanOptions extends Partial<Variants> {
  /** The device's largest storage binding, in bytes; larger weights are split. */
  readonly bindingLimit: number;
  /** Compute all channels and positions of all layers even if the objective reads few; for tests. */
  readonly wholeLayers?: boolean;
  /** Guided backpropagation: `gradient` passes ReLUs where it is positive and they are on. */
  readonly guided?: boolean;
  /** Layer whose whole activation is kept to be read. */
  readonly keep?: string;
  /** Layer of which `gradient` makes the Grad-CAM. */
  readonly cam?: string;
}

export interface Plan {
  readonly network: string;
  readonly size: Size;
  /** Of what the network sees while iterating: the image's, changed by transforms that pad or crop. */
  readonly inputSize: Size;
  readonly batch: number;
  /** Buffer of the numbers optimised; for pixels the image's. */
  readonly values: string;
  /** Buffer of the alpha channel's numbers, where there is one. */
  readonly alpha: string | undefined;
  /** Last layer computed. */
  readonly depth: string;
  /** Layers whose activations are kept for the backward pass, because a term reads them nonlinearly. */
  readonly kept: readonly string[];
  readonly buffers: readonly BufferSpec[];
  /** Checkpoint tensors that are copied to buffers once. */
  readonly uploads: readonly Upload[];
  /** Numbers that are written to buffers once. */
  readonly tables: readonly Table[];
  /** What packs the uploaded weights, each run once. */
  readonly setup: readonly Packing[];
  /** What an iteration is made of, as the ascent goes on; `iterationOf` puts the parts in order. */
  readonly phases: readonly Phase[];
  /** Where the start is written, of what size, and what makes the resident image of it. */
  readonly start: Start;
  /** Of a photograph in every image: a forward pass, and the copies that keep its share of the objective. */
  readonly capture: { readonly dispatches: readonly Dispatch[]; readonly copies: readonly Copy[] };
  /** The numbers optimised to the resident image, for when they were written from outside. */
  readonly show: readonly Dispatch[];
  /** What is measured of the resident image each time before it is shown. */
  readonly picture: readonly Dispatch[];
  /** Objective (without L2) at the resident image: no transforms. What `gradient` begins with. */
  readonly value: readonly Dispatch[];
  /** Objective (without L2) and gradient at the resident image: no transforms, no redirect, no update. */
  readonly gradient: readonly Dispatch[];
  /** Buffer of the word that kernels in half precision set where something is not finite, if there are any. */
  readonly overflow: string | undefined;
  /** The convolutions and the kernels chosen for them. */
  readonly convolutions: readonly ConvolutionPass[];
  /** Multiplications and additions of whole layers, forward and backward, whatever is skipped. */
  readonly flops: number;
  /** Those of one iteration as planned. */
  readonly executedFlops: number;
  /** Bytes of all lasting buffers. */
  readonly bytes: number;
}

/** Buffers that the start is written to, as `values` and `alpha` of the plan, for images of `size`. */
export interface Start {
  readonly values: string;
  readonly alpha: string | undefined;
  readonly size: Size;
  readonly show: readonly Dispatch[];
}

/** Iterations of one size and one set of kernels. */
export interface Phase {
  /** The first iteration that is none of them. */
  readonly until: number;
  readonly forward: readonly Dispatch[];
  readonly backward: readonly Dispatch[];
  /** The objective's value; instead of it, where L2 is not 0, its term, its gradient and the value with it. */
  readonly total: readonly Dispatch[];
  readonly decay: readonly Dispatch[];
  readonly blurGradient: readonly Dispatch[];
  readonly update: readonly Dispatch[];
  readonly blur: readonly Dispatch[];
  readonly clipNorm: readonly Dispatch[];
  readonly clipContribution: readonly Dispatch[];
  readonly end: readonly Dispatch[];
  /** Of all these what only the objective's value needs: left out where nobody asks for it. */
  readonly valueOnly: ReadonlySet<Dispatch>;
}

/** Every dispatch of a plan, once. */
export function allDispatches({ setup, start, capture, phases, show, picture, gradient }: Plan): Dispatch[] {
  const iterations = phases.flatMap(({ until: _, valueOnly: __, ...parts }) => Object.values(parts).flat());
  const packing = setup.flatMap(({ dispatches }) => dispatches);
  return [
    ...new Set([
      ...packing,
      ...start.show,
      ...show,
      ...picture,
      ...capture.dispatches,
      ...iterations,
      ...gradient,
    ]),
  ];
}

/** Regularizers as they are now: those that are 0 are left out of an iteration. */
export type Asked = Pick<
  Recipe,
  "l2" | "blur" | "blurEvery" | "blurGradient" | "clipNorm" | "clipContribution"
>;

/**
 * The dispatches of iteration t (from 0), in order; the Gaussian blur in those with t mod blurEvery = 0.
 * @param valued whether the objective's value is asked for
 */
export function iterationOf({ phases }: Plan, t: number, asked: Asked, valued = true): Dispatch[] {
  const phase = phases.find(({ until }) => t < until) as Phase;
  const all = [
    ...phase.forward,
    ...phase.backward,
    ...(asked.l2 > 0 ? phase.decay : phase.total),
    ...(asked.blurGradient > 0 ? phase.blurGradient : []),
    ...phase.update,
    ...(asked.blur > 0 && t % asked.blurEvery === 0 ? phase.blur : []),
    ...(asked.clipNorm > 0 ? phase.clipNorm : []),
    ...(asked.clipContribution > 0 ? phase.clipContribution : []),
    ...phase.end,
  ];
  return valued ? all : all.filter((dispatch) => !phase.valueOnly.has(dispatch));
}
