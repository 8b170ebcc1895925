/** What a plan does to the image itself, around the network: making it, in, out, and the ascent step. */
import type { Dispatch } from "../gpu/dispatch.ts";
import type { Preprocess } from "../model/network.ts";
import { preprocessing } from "../model/preprocess.ts";
import { preprocessBackward, preprocessForward, type Window } from "../nn/preprocess.ts";
import { advanceState, momentsOf, normOf, update } from "../optvis/optimizers.ts";
import { type ParamPasses, paramOf } from "../optvis/params/param.ts";
import { withShared } from "../optvis/params/share.ts";
import type { Recipe } from "../optvis/recipe.ts";
import { reducePartials, reduceTotal } from "../optvis/reduce.ts";
import { blur, clip, expectRegularizers, l2Backward, l2Forward } from "../optvis/regularizers.ts";
import type { Size, Transform } from "../optvis/transforms/transform.ts";
import { planChain, scratch } from "./chain.ts";
import { INPUT } from "./forward.ts";
import type { Allocation } from "./memory.ts";

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
  /** Resident image to the network's input, transformed; and its gradient back from the buffer a pass leaves it in. */
  readonly enter: readonly Dispatch[];
  leave(inputGradient: string): readonly Dispatch[];
  /** The same without transforms, and the objective's value without L2. */
  readonly enterStill: readonly Dispatch[];
  readonly leaveStill: readonly Dispatch[];
  /** The L2 term, and the objective's value. */
  readonly penalize: readonly Dispatch[];
  /** Regularizers, each only where it is not 0; pixels' are empty for other parameterizations. */
  readonly blurGradient: readonly Dispatch[];
  readonly update: readonly Dispatch[];
  readonly blur: readonly Dispatch[];
  readonly clipNorm: readonly Dispatch[];
  readonly clipContribution: readonly Dispatch[];
  readonly end: readonly Dispatch[];
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
  const images = { batch, size: recipe.size, mean: pre.mean };
  const own = paramOf(recipe.param).plan(images, { image, gradient }, memory);
  const param = withShared(recipe, images, own, memory);
  const decay = { batch, area, l2, slot: terms };
  expectRegularizers(recipe);
  return {
    values: param.values,
    show: param.forward,
    ...planEntry(options, memory),
    penalize: [
      l2Forward(decay, pre, { image, partials: PARTIALS }),
      l2Backward(decay, pre, { image, gradient }),
      reduceTotal(
        "objective",
        { batch, firstSlot: 0, slots: terms + 1, ring: RING },
        { finished: PARTIALS, state, totals },
      ),
    ],
    ...planRegularizers(recipe, { image, gradient }, memory),
    update: [...param.backward, ...planStep(options, param, pre.mean, memory)],
    end: [...param.forward, advanceState(state)],
  };
}

/** What is done to the gradient before a step and to the pixels after it, planned whether it is 0 or not. */
function planRegularizers(
  recipe: Recipe,
  { image, gradient }: { readonly image: string; readonly gradient: string },
  memory: Allocation,
) {
  const { batch, size, param } = recipe;
  const [height, width] = size;
  const [planes, area] = [3 * batch, height * width];
  const spare = scratch(memory, 0, 4 * planes * area);
  const shape = { planes, height, width };
  const blurGradient = blur(
    { ...shape, sigma: recipe.blurGradient },
    { image: gradient, scratch: spare },
    "blurGradient",
  );
  if (param !== "pixel") return { blurGradient, blur: [], clipNorm: [], clipContribution: [] };
  const measure = memory.buffer("clip.measure", "workspace", 4 * batch * area);
  const threshold = memory.buffer("clip.threshold", "workspace", 4 * batch);
  const buffers = { image, gradient, measure, threshold };
  const clipBy = (by: "clipNorm" | "clipContribution") =>
    clip(by, { batch, area, percent: recipe[by] }, buffers);
  return {
    blurGradient,
    blur: blur({ ...shape, sigma: recipe.blur }, { image, scratch: spare }),
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
  const ends = { batch, size, seed, strength, mean: pre.mean, ...buffers };
  const chain = planChain(options.transforms, ends, memory);
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
    enter: [...chain.forward, inward(chain.output, chain.size, window)],
    leave: (inputGradient: string) => [
      outward(inputGradient, chain.gradient, chain.size, window),
      ...chain.backward,
    ],
    enterStill: [inward(image, size, still.window)],
    leaveStill: [outward(still.inputGradient, GRADIENT, size, still.window), value],
  };
}

/** The optimizer's step, with the gradient's norm before it where it needs one. */
function planStep(
  { recipe, image, terms }: ImageOptions,
  { values, gradient }: ParamPasses,
  mean: readonly number[],
  memory: Allocation,
): Dispatch[] {
  const slot = terms + 1;
  const { batch, optimizer, lr, decay, clamp, size } = recipe;
  const length = paramOf(recipe.param).length(size);
  const moments = Array.from({ length: momentsOf(optimizer) }, (_, i) =>
    memory.buffer(`${image}.moment${i + 1}`, "optimizer", 4 * length * batch),
  );
  const [moment1 = values, moment2 = values] = moments;
  const sums = memory.buffer("gradient.sums", "workspace", 4 * batch);
  const buffers = { values, gradient, sums, moment1, moment2, state: STATE };
  const area = size[0] * size[1];
  // Only pixels can leave 0–1: the others end in a sigmoid.
  const bounds = { clamp: clamp && recipe.param === "pixel", mean };
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
