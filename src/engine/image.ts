/** What a plan does to the image itself, around the network: in, out, and the ascent step. */
import type { Dispatch } from "../gpu/dispatch.ts";
import type { Preprocess } from "../model/network.ts";
import { preprocessing } from "../model/preprocess.ts";
import { preprocessBackward, preprocessForward } from "../nn/preprocess.ts";
import { advanceState, momentsOf, needsNorm, update } from "../optvis/optimizers.ts";
import type { Recipe } from "../optvis/recipe.ts";
import { reducePartials, reduceTotal } from "../optvis/reduce.ts";
import { blur, l2Backward, l2Forward } from "../optvis/regularizers.ts";
import { jitterPass } from "../optvis/transforms.ts";
import { INPUT } from "./forward.ts";
import type { Allocation } from "./memory.ts";

/** Iterations whose objective values the ring on the GPU holds, so the most that one submission may make. */
export const RING = 256;

/** Names of the buffers that the scheduler fills and reads. */
export const IMAGE = "image";
export const GRADIENT = "gradient";
export const STATE = "state";
/** Objective values of the last iterations, [RING, N], L2 included. */
export const VALUES = "objective";
/** Objective at the resident image, [N], without L2. */
export const VALUE_NOW = "objective.now";
/** Partial sums of the terms, of L2 and of the gradient's norm. */
export const PARTIALS = "partials";

export interface ImagePlan {
  /** Resident image to the network's input, jittered; and its gradient back. */
  readonly enter: readonly Dispatch[];
  readonly leave: readonly Dispatch[];
  /** The same without jitter, and the objective's value without L2. */
  readonly enterStill: readonly Dispatch[];
  readonly leaveStill: readonly Dispatch[];
  readonly update: readonly Dispatch[];
  readonly blur: readonly Dispatch[];
  readonly end: readonly Dispatch[];
}

/**
 * @param terms of the objective; their partial sums stand in slots 0 … terms−1, L2's in the next one
 * @param inputGradient buffer of the gradient of the network's input
 */
export function planImage(
  recipe: Recipe,
  preprocess: Preprocess,
  terms: number,
  memory: Allocation,
  inputGradient: string,
): ImagePlan {
  const [height, width] = recipe.size;
  const { batch, jitter, seed, l2 } = recipe;
  const area = height * width;
  const bytes = 4 * 3 * batch * area;
  const pre = preprocessing(preprocess);
  const image = memory.buffer(IMAGE, "image", bytes);
  const gradient = memory.buffer(GRADIENT, "gradient", bytes);
  const state = memory.buffer(STATE, "optimizer", 16);
  const input = memory.buffer(INPUT, "activations", bytes);
  const scratch = jitter > 0 || recipe.blur > 0 ? memory.buffer("image.scratch", "image", bytes) : image;
  const total = { batch, firstSlot: 0, slots: terms + 1, ring: RING };
  const totals = memory.buffer(VALUES, "objective", 4 * RING * batch);
  const finished = PARTIALS;

  const enterStill = [preprocessForward(batch, area, pre, { input: image, output: input })];
  const out = preprocessBackward(batch, area, pre, {
    outputGradient: inputGradient,
    inputGradient: gradient,
  });
  const now = memory.buffer(VALUE_NOW, "objective", 4 * batch);
  const value = reduceTotal(
    "objective",
    { ...total, slots: terms, ring: 1 },
    { finished, state, totals: now },
  );
  const roll = { batch, height, width, jitter, seed };
  const decay = { batch, area, l2, slot: terms };
  const blurShape = { planes: 3 * batch, height, width, sigma: recipe.blur };
  return {
    enterStill,
    leaveStill: [out, value],
    ...(jitter > 0
      ? {
          enter: [
            jitterPass("forward", roll, { state, input: image, output: scratch }),
            preprocessForward(batch, area, pre, { input: scratch, output: input }),
          ],
          leave: [
            preprocessBackward(batch, area, pre, { outputGradient: inputGradient, inputGradient: scratch }),
            jitterPass("backward", roll, { state, input: scratch, output: gradient }),
          ],
        }
      : { enter: enterStill, leave: [out] }),
    update: [
      l2Forward(decay, pre, { image, partials: PARTIALS }),
      l2Backward(decay, pre, { image, gradient }),
      reduceTotal("objective", total, { finished, state, totals }),
      ...planStep(recipe, pre.mean, terms + 1, memory),
    ],
    blur: recipe.blur > 0 ? blur(blurShape, { image, scratch }) : [],
    end: [advanceState(state)],
  };
}

/** The optimizer's step, with the gradient's norm before it where it needs one. */
function planStep(recipe: Recipe, mean: readonly number[], slot: number, memory: Allocation): Dispatch[] {
  const { batch, optimizer, lr, clamp } = recipe;
  const area = recipe.size[0] * recipe.size[1];
  const count = 3 * area;
  const moments = Array.from({ length: momentsOf(optimizer) }, (_, i) =>
    memory.buffer(`moment${i + 1}`, "optimizer", 4 * count * batch),
  );
  const [moment1 = IMAGE, moment2 = IMAGE] = moments;
  const squares = memory.buffer("gradient.squares", "workspace", 4 * batch);
  const buffers = { image: IMAGE, gradient: GRADIENT, squares, moment1, moment2, state: STATE };
  const step = update(optimizer, { batch, area, lr, clamp, mean }, buffers);
  if (!needsNorm(optimizer)) return [step];
  const norm = { batch, stride: count, offset: 0, count, slot, scale: 1 };
  return [
    reducePartials("gradient norm", "squares", norm, { input: GRADIENT, partials: PARTIALS }),
    reduceTotal(
      "gradient norm",
      { batch, firstSlot: slot, slots: 1, ring: 1 },
      { finished: PARTIALS, state: STATE, totals: squares },
    ),
    step,
  ];
}
