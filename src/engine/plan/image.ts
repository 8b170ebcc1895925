/** What a plan does to the image itself, around the network: making it, in, out, and the ascent step. */
import type { Dispatch } from "../../gpu/dispatch.ts";
import type { Preprocess, Size } from "../../model/network.ts";
import { preprocessing } from "../../model/preprocess.ts";
import { preprocessBackward, preprocessForward, type Window } from "../../nn/preprocess.ts";
import { advanceState, momentsOf, normOf, update } from "../../optvis/optimizers.ts";
import { ALPHA_GRADIENT, alphaName, alphaPlane, logitsName, planAlpha } from "../../optvis/params/alpha.ts";
import { type ParamPasses, type PlaneBuffers, paramOf } from "../../optvis/params/param.ts";
import { withShared } from "../../optvis/params/share.ts";
import type { Recipe } from "../../optvis/recipe.ts";
import { reducePartials, reduceTotal } from "../../optvis/reduce.ts";
import { blur, clip, expectRegularizers, l2Backward, l2Forward } from "../../optvis/regularizers.ts";
import { imageStatistics } from "../../optvis/standardize.ts";
import type { Transform } from "../../optvis/transforms/transform.ts";
import { planSeen } from "./composite.ts";
import type { Allocation } from "./memory.ts";
import { planTransforms, scratch } from "./transform-chain.ts";
import { INPUT } from "./walk.ts";

/** Iterations whose objective values the ring on the GPU holds, so the most that one submission may make. */
export const RING = 256;

/** Names of the buffers that the scheduler fills and reads. */
export const IMAGE = "image";
/** The image of the iterations that run at half the size. */
export const COARSE_IMAGE = "image.coarse";
export const GRADIENT = "gradient";
export const STATE = "state";
/** Objective values of the last iterations, [RING, N], L2 included. */
export const VALUES = "objective";
/** Objective at the resident image, [N], without L2. */
export const VALUE_NOW = "objective.now";
/** Mean and gain of the resident images, [N, 2], where they are shown standardised. */
export const STATISTICS = "statistics";
/** Partial sums of the terms, of L2 and of the gradient's norm. */
export const PARTIALS = "partials";

/** Whether a buffer holds a moment of the optimizer, which is zeros at the start. */
export function isMoment(buffer: string): boolean {
  return buffer.includes(".moment");
}

export interface ImagePlan {
  /** Buffer of the numbers optimised, (N,length); for pixels the image itself. */
  readonly values: string;
  /** The numbers optimised to the resident image. */
  readonly show: readonly Dispatch[];
  /** Buffer of the alpha channel's numbers, (N,length), where there is one. */
  readonly alpha: string | undefined;
  /** Resident image to the network's input, transformed; and its gradient back from the buffer a pass leaves it in. */
  readonly enter: readonly Dispatch[];
  leave(inputGradient: string): readonly Dispatch[];
  /** The same without transforms. */
  readonly enterStill: readonly Dispatch[];
  readonly leaveStill: readonly Dispatch[];
  /** The objective's value at the resident image, without L2, once the terms are summed. */
  readonly valueStill: readonly Dispatch[];
  /** The same of a photograph in the image's place, which is opaque whatever the alpha channel says. */
  readonly enterPhoto: readonly Dispatch[];
  /** The objective's value; where L2 is not 0, its term and its gradient before. */
  readonly total: readonly Dispatch[];
  readonly decay: readonly Dispatch[];
  /** Regularizers, each only where it is not 0; pixels' are empty for other parameterizations. */
  readonly blurGradient: readonly Dispatch[];
  readonly update: readonly Dispatch[];
  readonly blur: readonly Dispatch[];
  readonly clipNorm: readonly Dispatch[];
  readonly clipContribution: readonly Dispatch[];
  readonly end: readonly Dispatch[];
  /** Of all these what only the objective's value needs. */
  readonly valueOnly: readonly Dispatch[];
  /** What is measured of the resident image before it is shown. */
  readonly picture: readonly Dispatch[];
}

/** The passes around one network: how the image becomes its input, and the buffers between. */
export interface ImageOptions {
  readonly recipe: Recipe;
  readonly preprocess: Preprocess;
  readonly transforms: readonly Transform[];
  /** Terms of the objective; their partial sums stand in slots 0 … terms−1, L2's in the next one. */
  readonly terms: number;
  /** Buffer of the resident image; the optimizer's moments are named after it. */
  readonly image: string;
  /** The part of the transformed image that the network sees. */
  readonly window: Window;
  /** Without transforms: the same of the image, and the buffer of its gradient. */
  readonly still: { readonly window: Window; readonly inputGradient: string };
}

export function planImage(options: ImageOptions, memory: Allocation): ImagePlan {
  const { recipe, terms } = options;
  const [height, width] = recipe.size;
  const { batch, l2 } = recipe;
  const area = height * width;
  const bytes = 4 * 3 * batch * area;
  const pre = preprocessing(options.preprocess);
  const image = memory.buffer(options.image, "image", bytes);
  const gradient = memory.buffer(GRADIENT, "gradient", bytes);
  const state = memory.buffer(STATE, "optimizer", 16);
  const totals = memory.buffer(VALUES, "objective", 4 * RING * batch);
  const [colours, alpha] = planParts(recipe, pre.mean, { image, gradient }, memory);
  const parts = alpha ? [colours, alpha] : [colours];
  const show = parts.flatMap(({ passes }) => passes.forward);
  const decay = { batch, area, l2, slot: terms };
  const decayValue = l2Forward(decay, pre, { image, partials: PARTIALS });
  const totalOf = (slots: number) =>
    reduceTotal(
      "objective",
      { batch, firstSlot: 0, slots, ring: RING },
      { finished: PARTIALS, state, totals },
    );
  const [total, decayedTotal] = [totalOf(terms), totalOf(terms + 1)];
  expectRegularizers(recipe);
  return {
    values: colours.passes.values,
    alpha: alpha?.passes.values,
    show,
    ...planEntry(options, memory),
    total: [total],
    decay: [decayValue, l2Backward(decay, pre, { image, gradient }), decayedTotal],
    valueOnly: [total, decayValue, decayedTotal],
    ...planRegularizers(recipe, { image, gradient }, memory),
    update: parts.flatMap((part) => [...part.passes.backward, ...planStep(options, part, pre.mean, memory)]),
    end: [...show, advanceState(state)],
    picture: recipe.standardize ? [planStatistics(recipe, pre.mean, image, memory)] : [],
  };
}

function planStatistics(
  { batch, size }: Recipe,
  mean: readonly number[],
  image: string,
  memory: Allocation,
): Dispatch {
  const statistics = memory.buffer(STATISTICS, "image", 8 * batch);
  return imageStatistics({ batch, size, mean }, { image, statistics });
}

/** Numbers that are optimised together; norms of their gradient are of them alone. */
interface Part {
  readonly passes: ParamPasses;
  /** Of one image. */
  readonly length: number;
  /** What the optimizer's moments are named after. */
  readonly name: string;
  /** Whether they are RGB, which alone can leave 0–1: everything else ends in a sigmoid. */
  readonly rgb: boolean;
}

/** The colours, and the alpha channel where there is one. */
function planParts(
  recipe: Recipe,
  mean: readonly number[],
  { image, gradient }: PlaneBuffers,
  memory: Allocation,
): readonly [Part, Part?] {
  const { batch, size } = recipe;
  const images = { batch, size, mean };
  const param = paramOf(recipe.param);
  const own = param.plan(images, { image, gradient }, memory);
  const colours: Part = {
    passes: withShared(recipe, images, own, memory),
    length: param.length(size),
    name: image,
    rgb: recipe.param === "pixel",
  };
  const plane = alphaPlane(recipe);
  if (!plane) return [colours];
  const passes = planAlpha(images, plane, image, memory);
  return [colours, { passes, length: plane.length(size), name: alphaName(image), rgb: false }];
}

/**
 * What is done to the gradient before a step and to the pixels after it, planned whether it is 0 or not. The blurs are of
 * the alpha channel's opacity and logits, too.
 */
function planRegularizers(recipe: Recipe, { image, gradient }: PlaneBuffers, memory: Allocation) {
  const { batch, size, param, alpha } = recipe;
  const [height, width] = size;
  const area = height * width;
  const spare = scratch(memory, 0, 4 * 3 * batch * area);
  const blurAll = (key: "blur" | "blurGradient", colours: string, opacity: string) =>
    [{ planes: 3 * batch, of: colours }, ...(alpha ? [{ planes: batch, of: opacity }] : [])].flatMap(
      ({ planes, of }) =>
        blur({ planes, height, width, sigma: recipe[key] }, { image: of, scratch: spare }, key),
    );
  const blurGradient = blurAll("blurGradient", gradient, ALPHA_GRADIENT);
  if (param !== "pixel") return { blurGradient, blur: [], clipNorm: [], clipContribution: [] };
  const measure = memory.buffer("clip.measure", "workspace", 4 * batch * area);
  const threshold = memory.buffer("clip.threshold", "workspace", 4 * batch);
  const buffers = { image, gradient, measure, threshold };
  const clipBy = (by: "clipNorm" | "clipContribution") =>
    clip(by, { batch, area, percent: recipe[by] }, buffers);
  return {
    blurGradient,
    blur: blurAll("blur", image, logitsName(image)),
    clipNorm: clipBy("clipNorm"),
    clipContribution: clipBy("clipContribution"),
  };
}

/** Between the resident image and the network's input, with the transforms and without. */
function planEntry(options: ImageOptions, memory: Allocation) {
  const { recipe, image, window, still, terms } = options;
  const { batch, seed, size, strength } = recipe;
  const pre = preprocessing(options.preprocess);
  const buffers = { state: STATE, image, gradient: GRADIENT };
  const seen = planSeen(recipe, pre.mean, buffers, memory);
  const ends = { batch, size, seed, strength, mean: pre.mean, ...buffers, ...seen };
  const chain = planTransforms(options.transforms, ends, memory);
  const inward = (input: string, size: Size, window: Window) => {
    const output = memory.buffer(INPUT, "activations", 4 * 3 * batch * window.height * window.width);
    return preprocessForward({ batch, size, window }, pre, { input, output });
  };
  const outward = (outputGradient: string, inputGradient: string, size: Size, window: Window) =>
    preprocessBackward({ batch, size, window }, pre, { outputGradient, inputGradient });
  const now = memory.buffer(VALUE_NOW, "objective", 4 * batch);
  const value = reduceTotal(
    "objective",
    { batch, firstSlot: 0, slots: terms, ring: 1 },
    { finished: PARTIALS, state: STATE, totals: now },
  );
  return {
    enter: [...seen.enter, ...chain.forward, inward(chain.output, chain.size, window)],
    leave: (inputGradient: string) => [
      outward(inputGradient, chain.gradient, chain.size, window),
      ...chain.backward,
      ...seen.leave,
    ],
    enterStill: [...seen.enterStill, inward(seen.image, size, still.window)],
    leaveStill: [outward(still.inputGradient, seen.gradient, size, still.window), ...seen.leaveStill],
    valueStill: [value],
    enterPhoto: [inward(image, size, still.window)],
  };
}

/** The optimizer's step on a part of the numbers, with its gradient's norm before it where it needs one. */
function planStep(
  { recipe, terms }: ImageOptions,
  { passes: { values, gradient }, length, name, rgb }: Part,
  mean: readonly number[],
  memory: Allocation,
): Dispatch[] {
  const slot = terms + 1;
  const { batch, optimizer, lr, decay, clamp, size } = recipe;
  const moments = Array.from({ length: momentsOf(optimizer) }, (_, i) =>
    memory.buffer(`${name}.moment${i + 1}`, "optimizer", 4 * length * batch),
  );
  const [moment1 = values, moment2 = values] = moments;
  const sums = memory.buffer("gradient.sums", "workspace", 4 * batch);
  const buffers = { values, gradient, sums, moment1, moment2, state: STATE };
  const area = size[0] * size[1];
  const bounds = { clamp: clamp && rgb, mean };
  const step = update(optimizer, { batch, length, area, lr, decay, ...bounds }, buffers);
  const kind = normOf(optimizer);
  if (!kind) return [step];
  const norm = { batch, stride: length, offset: 0, count: length, slot, scale: 1 };
  return [
    reducePartials("gradient norm", kind, norm, { input: gradient, partials: PARTIALS }),
    reduceTotal(
      "gradient norm",
      { batch, firstSlot: slot, slots: 1, ring: 1 },
      { finished: PARTIALS, state: STATE, totals: sums },
    ),
    step,
  ];
}
