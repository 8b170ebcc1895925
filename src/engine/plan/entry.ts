/** What lies between the resident image and the network: background, transforms and preprocessing, there and back. */
import type { Dispatch } from "../../gpu/dispatch.ts";
import type { Preprocess, Size } from "../../model/network.ts";
import { preprocessing } from "../../model/preprocess.ts";
import { preprocessBackward, preprocessForward, type Window } from "../../nn/preprocess.ts";
import type { Recipe } from "../../optvis/recipe.ts";
import { reduceTotal } from "../../optvis/reduce.ts";
import type { Transform } from "../../optvis/transforms/transform.ts";
import { GRADIENT, PARTIALS, STATE, VALUE_NOW } from "./buffer-names.ts";
import { planSeen } from "./composite.ts";
import type { Allocation } from "./memory.ts";
import { planTransforms } from "./transform-chain.ts";
import { INPUT } from "./walk.ts";

export interface EntryOptions {
  readonly recipe: Pick<Recipe, "batch" | "size" | "seed" | "strength" | "alpha">;
  readonly preprocess: Preprocess;
  readonly transforms: readonly Transform[];
  /** Terms of the objective; their partial sums stand in slots 0 … terms−1. */
  readonly terms: number;
  /** Buffer of the resident image. */
  readonly image: string;
  /** The part of the transformed image that the network sees. */
  readonly window: Window;
  /** Without transforms: the same of the image, and the buffer of its gradient. */
  readonly still: { readonly window: Window; readonly inputGradient: string };
}

/** Passes from the resident image to the network's input and back, with the transforms and without. */
export interface Entry {
  readonly enter: readonly Dispatch[];
  /** @param inputGradient buffer in which the network leaves the gradient of its input */
  leave(inputGradient: string): readonly Dispatch[];
  /** Without transforms. */
  readonly enterStill: readonly Dispatch[];
  readonly leaveStill: readonly Dispatch[];
  /** The objective's value at the resident image, without L2, once the terms are summed. */
  readonly valueStill: readonly Dispatch[];
  /** A photograph in the image's place, which is opaque whatever the alpha channel says. */
  readonly enterPhoto: readonly Dispatch[];
}

export function planEntry(options: EntryOptions, memory: Allocation): Entry {
  const { recipe, image, window, still, terms } = options;
  const { batch, seed, size, strength } = recipe;
  const pre = preprocessing(options.preprocess);
  const buffers = { state: STATE, image, gradient: GRADIENT };
  const seen = planSeen(recipe, pre.mean, buffers, memory);
  const ends = { batch, size, seed, strength, mean: pre.mean, ...buffers, ...seen };
  const chain = planTransforms(options.transforms, ends, memory);
  const inward = (input: string, size: Size, window: Window) => {
    const output = memory.buffer(
      INPUT,
      "activations",
      4 * pre.mean.length * batch * window.height * window.width,
    );
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
