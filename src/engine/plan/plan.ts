/**
 * The plan of an ascent: one objective, size and batch written out as a program, and which of its dispatches run when.
 * Plain data, made without a device, so it can be printed, tested, costed, and kept as JSON.
 *
 *     image → transforms → preprocess → conv relu pool … → objective         (forward)
 *     gradient ← transforms′ ← preprocess′ ← conv′ relu′ pool′ … ← seed      (backward)
 *     values ← optimizer step ← param′ ← gradient                            (update)
 *     values → param → image                                                 (end)
 *
 * `iteration.ts` plans these parts and puts an iteration together.
 */
import type { Sequence } from "../../gpu/program.ts";
import type { Size } from "../../model/network.ts";
import type { Upload } from "../../nn/layer.ts";
import type { Colours } from "../../nn/preprocess.ts";
import type { Variants } from "../kernels/variant-choice.ts";
import type { ConvolutionPass } from "../kernels/variants.ts";
import type { Copy } from "./forward.ts";
import type { Packing, PlannedProgram } from "./memory.ts";

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

export interface Plan extends PlannedProgram {
  readonly network: string;
  readonly size: Size;
  /** Of what the network sees while iterating: the image's, changed by transforms that pad or crop. */
  readonly inputSize: Size;
  readonly batch: number;
  /** Channels of the image. */
  readonly colours: Colours;
  /** Buffer of the numbers optimised; for pixels the image's. */
  readonly values: string;
  /** Buffer of the alpha channel's numbers, where there is one. */
  readonly alpha: string | undefined;
  /** Last layer computed. */
  readonly depth: string;
  /** Layers whose activations are kept for the backward pass, because a term reads them nonlinearly. */
  readonly kept: readonly string[];
  /** Checkpoint tensors that are copied to buffers once. */
  readonly uploads: readonly Upload[];
  /** What packs the uploaded weights, each run once. */
  readonly packings: readonly Packing[];
  /** Iterations at half the size, which come before the others; null where there are none. */
  readonly coarse: CoarseStage | null;
  /** Iterations at the whole size. */
  readonly whole: Stage;
  /** Whether the first iterations redirect the gradient of ReLUs. */
  readonly redirect: boolean;
  /** With the target photograph in every image: a forward pass, and the copies that keep its share of the objective. */
  readonly target: { readonly dispatches: Sequence; readonly copies: readonly Copy[] };
  /** The numbers optimised to the resident image, for when they were written from outside. */
  readonly show: Sequence;
  /** What is measured of the resident image each time before it is shown. */
  readonly picture: Sequence;
  /** Objective (without L2) at the resident image: no transforms. What `gradient` begins with. */
  readonly value: Sequence;
  /** Objective (without L2) and gradient at the resident image: no transforms, no redirect, no update. */
  readonly gradient: Sequence;
  /** Buffer of the word that kernels in half precision set where something is not finite, if there are any. */
  readonly overflow: string | undefined;
  /** The convolutions of the recipe's iterations and the variants that run them. */
  readonly convolutions: readonly ConvolutionPass[];
  /** Multiplications and additions of whole layers, forward and backward, whatever is skipped. */
  readonly flops: number;
  /** Those of one iteration as planned. */
  readonly executedFlops: number;
  /** Bytes of all lasting buffers that the recipe's iterations need. */
  readonly bytes: number;
}

/** What iterations of one size are made of; `iterationOf` puts the parts in order. */
export interface Stage {
  readonly start: Start;
  /** With the variants chosen for speed, and with those that are exact. */
  readonly fast: Passes;
  readonly exact: Passes;
  /** The objective's value; instead of it, where L2 is not 0, its term, its gradient and the value with it. */
  readonly total: Valued;
  readonly decay: Valued;
  readonly blurGradient: Sequence;
  readonly update: Sequence;
  readonly blur: Sequence;
  readonly clipNorm: Sequence;
  readonly clipContribution: Sequence;
  /** The next image, and the step counter. */
  readonly end: Sequence;
}

/** Each of its iterations ends by enlarging its image to the resident one. */
export interface CoarseStage extends Stage {
  /** The first iteration at the whole size. */
  readonly until: number;
}

/** Where the start is written, for images of what size, and what makes the resident image of it. */
export interface Start {
  /** As `values` and `alpha` of the plan. */
  readonly values: string;
  readonly alpha: string | undefined;
  readonly size: Size;
  readonly show: Sequence;
}

/** From the image to the objective's terms, and back to the image's gradient. */
export interface Passes {
  readonly forward: Valued;
  readonly backward: Sequence;
  /** `backward` with the gradient of ReLUs redirected; empty where the recipe does not ask for it. */
  readonly redirected: Sequence;
}

/** A part of an iteration that somebody asks the objective's value of, and as much of it as the gradient needs. */
export interface Valued {
  readonly valued: Sequence;
  readonly unvalued: Sequence;
}
