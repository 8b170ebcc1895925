/**
 * The plan of an ascent: one objective, size and batch written out as dispatches over named buffers.
 * Plain data, made without a device, so it can be printed, tested and costed.
 *
 *     image → transforms → preprocess → conv relu pool … → objective         (forward)
 *     gradient ← transforms′ ← preprocess′ ← conv′ relu′ pool′ … ← seed      (backward)
 *     values ← optimizer step ← param′ ← gradient                            (update)
 *     values → param → image                                                 (end)
 */

import { InputError } from "../errors.ts";
import type { Dispatch } from "../gpu/dispatch.ts";
import type { Network, Preprocess, Shape } from "../model/network.ts";
import { preprocessing } from "../model/preprocess.ts";
import { findLayer, layerShapes } from "../model/shapes.ts";
import type { Window } from "../nn/preprocess.ts";
import { coarseSize, enlarge } from "../optvis/coarse.ts";
import { placeObjective } from "../optvis/objective.ts";
import { ALPHA_GRADIENT, alphaName, expectAlpha } from "../optvis/params/alpha.ts";
import type { Recipe } from "../optvis/recipe.ts";
import { partialsBytes } from "../optvis/reduce.ts";
import { isPenalty, needsPhoto, type Objective } from "../optvis/term.ts";
import { penaltyPasses } from "../optvis/terms/penalty.ts";
import { transformsOf } from "../optvis/transforms/transforms.ts";
import { backwardPass } from "./backward.ts";
import { transformedSize } from "./chain.ts";
import { type Copy, forwardPass, type Walk } from "./forward.ts";
import { COARSE_IMAGE, GRADIENT, IMAGE, type ImagePlan, PARTIALS, planImage } from "./image.ts";
import {
  type ConvolutionPass,
  convolutionPasses,
  exactVariant,
  fastVariant,
  sameChoices,
} from "./kernel-choice.ts";
import { Allocation, type BufferSpec, type Packing, type Table, type Upload } from "./memory.ts";
import { type ChooseVariant, deepestLayer, planSteps, type Step, wholeFlops } from "./steps.ts";
import { wholeWindow, windowOf } from "./window.ts";

/** The first iterations, in which the ReLU gradient is redirected (Lucid). */
export const OPENING_ITERATIONS = 16;

export interface PlanOptions {
  /** The device's largest storage binding, in bytes; larger weights are split. */
  readonly bindingLimit: number;
  /** Which kernels to use for a convolution in an iteration; default `fastVariant`. */
  readonly convVariant?: ChooseVariant;
  /** Which kernels to use for the gradient and the first iterations, from zeros 16, else one; default `exactVariant`. */
  readonly exactVariant?: ChooseVariant;
  /** Compute all channels and positions of all layers even if the objective reads few; for tests. */
  readonly wholeLayers?: boolean;
  /** Guided backpropagation: `gradient` passes ReLUs where it is positive and they are on. */
  readonly guided?: boolean;
  /** Layer whose whole activation is kept to be read. */
  readonly keep?: string;
  /** Layer of which `gradient` makes the Grad-CAM. */
  readonly cam?: string;
}

type Size = readonly [height: number, width: number];

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
}

/** Every dispatch of a plan, once. */
export function allDispatches({ setup, start, capture, phases, show, gradient }: Plan): Dispatch[] {
  const iterations = phases.flatMap(({ until: _, ...parts }) => Object.values(parts).flat());
  const packing = setup.flatMap(({ dispatches }) => dispatches);
  return [
    ...new Set([...packing, ...start.show, ...show, ...capture.dispatches, ...iterations, ...gradient]),
  ];
}

/** Regularizers as they are now: those that are 0 are left out of an iteration. */
export type Asked = Pick<
  Recipe,
  "l2" | "blur" | "blurEvery" | "blurGradient" | "clipNorm" | "clipContribution"
>;

/** The dispatches of iteration t (from 0), in order; the Gaussian blur in those with t mod blurEvery = 0. */
export function iterationOf({ phases }: Plan, t: number, asked: Asked): Dispatch[] {
  const phase = phases.find(({ until }) => t < until) as Phase;
  return [
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
}

/**
 * Plans `recipe` on `network`.
 * @throws InputError where the image is too small for a layer or a transform, or a neuron lies outside its layer.
 */
export function planAscent(
  network: Network,
  preprocess: Preprocess,
  objective: Objective,
  recipe: Recipe,
  options: PlanOptions,
): Plan {
  const memory = new Allocation();
  const planAt = (image: string, at: Recipe) =>
    planStage({ network, preprocess, objective, image, recipe: at, options, memory });
  const { moved, fast, still, image, penalties, phases } = planAt(IMAGE, recipe);
  const coarse = planCoarse(recipe, image, planAt);
  const begun = coarse?.phases.at(-1)?.until ?? 0;
  const lasting = phases.at(-1) as Phase;
  const buffers = memory.buffers();
  return {
    network: network.name,
    size: recipe.size,
    inputSize: moved.size,
    batch: recipe.batch,
    values: image.values,
    alpha: image.alpha,
    depth: deepestLayer(network, objective),
    kept: moved.steps.filter((step) => step.kept).map((step) => step.name),
    buffers,
    uploads: memory.uploads(),
    tables: memory.tables(),
    setup: memory.setup(),
    phases: [...(coarse?.phases ?? []), ...phases.filter(({ until }) => until > begun)],
    start: coarse?.start ?? { values: image.values, alpha: image.alpha, size: recipe.size, show: image.show },
    show: image.show,
    overflow: buffers.find(({ role }) => role === "overflow")?.name,
    convolutions: convolutionPasses(recipe.batch, moved.steps, fast),
    capture: { dispatches: [...image.enterPhoto, ...still.forward], copies: still.captures },
    gradient: [
      ...image.enterStill,
      ...still.forward,
      ...penalties.forward,
      ...still.stillBackward,
      ...image.leaveStill,
      ...penalties.backward,
    ],
    flops: 2 * moved.flops,
    executedFlops: sum([...lasting.forward, ...lasting.backward].map((dispatch) => dispatch.flops)),
    bytes: sum(buffers.filter((buffer) => !buffer.temporary).map((buffer) => buffer.bytes)),
  };
}

interface StageOptions {
  readonly network: Network;
  readonly preprocess: Preprocess;
  readonly objective: Objective;
  /** Name of the image's buffer. */
  readonly image: string;
  readonly recipe: Recipe;
  readonly options: PlanOptions;
  readonly memory: Allocation;
}

/** Everything between the image and the next one, at the recipe's size. */
function planStage({ network, preprocess, objective, image: name, recipe, options, memory }: StageOptions) {
  const transforms = transformsOf(recipe);
  const inputSize = transformedSize(transforms, recipe.size);
  const exact = options.exactVariant ?? options.convVariant ?? exactVariant;
  // Clipped pixels are constant regions, where max-pools see ties.
  const clips = recipe.clipNorm > 0 || recipe.clipContribution > 0;
  const fast = clips ? exact : (options.convVariant ?? fastVariant);
  const pass = (size: Size, convVariant: ChooseVariant, redirect = false) =>
    planNetwork(
      network,
      objective,
      { size, redirect, batch: recipe.batch },
      { ...options, convVariant },
      memory,
    );
  const moved = pass(inputSize, fast, recipe.redirect);
  const allExact = sameChoices(recipe.batch, moved.steps, fast, exact);
  const opening = allExact ? moved : pass(inputSize, exact, recipe.redirect);
  const sameSize = inputSize.every((side, i) => side === recipe.size[i]);
  const still = sameSize ? opening : pass(recipe.size, exact);
  if (!sameSize) expectNoPhoto(objective);
  const penalties = planPenalties(name, objective, recipe, preprocess, memory);
  const image: ImagePlan = planImage(
    {
      recipe,
      preprocess,
      transforms,
      terms: objective.terms.length,
      image: name,
      window: moved.window,
      still,
    },
    memory,
  );
  const phase = (
    until: number,
    { forward, inputGradient }: typeof moved,
    backward: readonly Dispatch[],
  ): Phase => ({
    until,
    forward: [...image.enter, ...forward, ...penalties.forward],
    // Sets of kernels that fuse differently leave the gradient in different buffers.
    backward: [...backward, ...image.leave(inputGradient), ...penalties.backward],
    decay: image.decay,
    total: image.total,
    blurGradient: image.blurGradient,
    update: image.update,
    blur: image.blur,
    clipNorm: image.clipNorm,
    clipContribution: image.clipContribution,
    end: image.end,
  });
  const early = (until: number, network: typeof moved) =>
    phase(until, network, recipe.redirect ? network.redirectedBackward : network.backward);
  // From zeros there are ties; otherwise one iteration on few kernels makes the first picture, while others compile.
  const opened = recipe.init === "zeros" ? OPENING_ITERATIONS : 1;
  const phases = [
    ...(allExact ? [] : [early(opened, opening)]),
    ...(recipe.redirect ? [early(OPENING_ITERATIONS, moved)] : []),
    phase(Number.POSITIVE_INFINITY, moved, moved.backward),
  ].filter(({ until }, i, all) => until > (all[i - 1]?.until ?? 0));
  return { moved, fast, still, image, penalties, phases };
}

/**
 * The iterations at half the size, each of which ends by enlarging its image to the resident one. Of pixels only:
 * other parameterizations have their own way to begin coarse; and not from a photograph, whose detail would be lost.
 */
function planCoarse(
  recipe: Recipe,
  whole: ImagePlan,
  planAt: (image: string, recipe: Recipe) => { readonly phases: readonly Phase[]; readonly image: ImagePlan },
): Pick<Plan, "phases" | "start"> | undefined {
  const { batch, coarse, init, param, size: to } = recipe;
  if (coarse === 0 || param !== "pixel" || init === "photo") return undefined;
  const size = coarseSize(to);
  const { phases, image } = atHalfSize(() => planAt(COARSE_IMAGE, { ...recipe, size }));
  const { values, alpha } = image;
  const show = [
    enlarge({ planes: 3 * batch, from: size, to }, { input: values, output: whole.values }),
    ...(alpha && whole.alpha
      ? [enlarge({ planes: batch, from: size, to }, { input: alpha, output: whole.alpha })]
      : []),
    ...whole.show,
  ];
  const last = phases.findIndex(({ until }) => until >= coarse);
  const cut = phases.slice(0, last + 1).map((phase) => ({
    ...phase,
    until: Math.min(phase.until, coarse),
    end: [...phase.end, ...show],
  }));
  return { phases: cut, start: { values, alpha, size, show: [...image.show, ...show] } };
}

/** Says of a size that is too small that it is the half of the one asked for. */
function atHalfSize<T>(plan: () => T): T {
  try {
    return plan();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(`coarse, at half the size: ${error.message}`, {
      remedy: "use a larger size, or begin at the whole size (coarse 0)",
      cause: error,
    });
  }
}

/** The passes through the network for one size of its input. */
function planNetwork(
  network: Network,
  objective: Objective,
  input: { readonly size: Size; readonly batch: number; readonly redirect: boolean },
  options: PlanOptions & { readonly convVariant: ChooseVariant },
  memory: Allocation,
): {
  readonly size: Size;
  /** The part of the input that is computed. */
  readonly window: Window;
  readonly steps: readonly Step[];
  /** Multiplications and additions of whole layers of the whole input, one way. */
  readonly flops: number;
  readonly forward: readonly Dispatch[];
  readonly backward: readonly Dispatch[];
  readonly redirectedBackward: readonly Dispatch[];
  /** For the gradient at the image itself. */
  readonly stillBackward: readonly Dispatch[];
  readonly captures: readonly Copy[];
  readonly inputGradient: string;
} {
  const { batch, redirect, size } = input;
  const [height, width] = size;
  const upTo = deepestLayer(network, objective);
  const shapes = layerShapes(network, size, { upTo });
  const placed = placeObjective(objective, shapes, batch).terms;
  const layers = network.layers.slice(0, shapes.size);
  const whole = options.wholeLayers || options.keep !== undefined || options.cam !== undefined;
  const { window, terms } = whole
    ? { window: wholeWindow(size), terms: placed }
    : windowOf(network, shapes, size, placed);
  const within = layerShapes(network, [window.height, window.width], { upTo });
  const stepOptions = {
    convVariant: options.convVariant,
    wholeLayers: options.wholeLayers ?? false,
    bindingLimit: options.bindingLimit,
    keep: options.keep,
    cam: options.cam,
  };
  for (const name of [options.keep, options.cam]) expectWithin(name, network, shapes);
  // Two slots beside the terms': the L2 term and the gradient's norm.
  const partials = memory.buffer(PARTIALS, "workspace", partialsBytes(batch, terms.length + 2));
  const image = { channels: 3, height: window.height, width: window.width };
  const steps = planSteps(network, within, image, batch, terms, stepOptions);
  const walk: Walk = { steps, batch, memory, options: stepOptions, partials };
  const forward = forwardPass(walk);
  const backward = backwardPass(walk, forward.last, "plain");
  return {
    size,
    window,
    steps,
    flops: wholeFlops(batch, layers, shapes, { channels: 3, height, width }),
    forward: forward.dispatches,
    backward: backward.dispatches,
    redirectedBackward: redirect ? backwardPass(walk, forward.last, "redirect").dispatches : [],
    captures: forward.captures,
    stillBackward: options.guided
      ? backwardPass(walk, forward.last, "guided").dispatches
      : backward.dispatches,
    inputGradient: backward.input,
  };
}

/** The penalties among the terms, on the images themselves. */
function planPenalties(
  image: string,
  objective: Objective,
  recipe: Recipe,
  preprocess: Preprocess,
  memory: Allocation,
) {
  const { batch, size } = recipe;
  const { mean } = preprocessing(preprocess);
  expectAlpha(objective, recipe);
  const buffers = {
    ...{ image, gradient: GRADIENT, partials: PARTIALS },
    ...{ alpha: alphaName(image), alphaGradient: ALPHA_GRADIENT },
  };
  const all = objective.terms.flatMap((term, index) =>
    isPenalty(term) ? [penaltyPasses({ term, index, batch, size, mean, memory }, buffers)] : [],
  );
  return {
    forward: all.flatMap(({ forward }) => forward),
    backward: all.flatMap(({ backward }) => backward),
  };
}

/** A photograph's activations are compared place by place, so the network must see images of its size. */
function expectNoPhoto(objective: Objective): void {
  const term = objective.terms.find((one) => needsPhoto(one));
  if (!term) return;
  throw new InputError(`objective: ${term.kind}:${term.layer} needs transforms that keep the image's size`, {
    remedy: "leave out those that pad or crop",
  });
}

/** A layer beyond the deepest one that the objective reads is never computed, and its gradient is zero. */
function expectWithin(name: string | undefined, network: Network, shapes: ReadonlyMap<string, Shape>): void {
  if (name === undefined || shapes.has(findLayer(network, name).name)) return;
  const computed = [...shapes.keys()];
  throw new InputError(
    `layer ${name} lies beyond ${computed.at(-1)}, the deepest layer that the objective reads`,
    { remedy: `layers before it: ${computed.join(" ")}` },
  );
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, n) => total + n, 0);
}
