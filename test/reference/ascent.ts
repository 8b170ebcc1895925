import type { Model } from "../../src/model/network.ts";
import type { Term } from "../../src/optvis/objective.ts";
import type { Recipe } from "../../src/optvis/recipe.ts";
import { gaussianBlur } from "./blur.ts";
import { jitterBackward, jitterForward } from "./jitter.ts";
import { objectiveGradient, type ReferenceWeights } from "./network.ts";
import { initialState, optimizerStep } from "./optimizer.ts";
import { PREPROCESS } from "./preprocess.ts";
import type { Tensor } from "./tensor.ts";

/** The fields of a recipe that decide what an iteration does. */
export type AscentSettings = Pick<
  Recipe,
  "optimizer" | "lr" | "l2" | "blur" | "blurEvery" | "clamp" | "redirect"
>;

/** ReLU gradients are redirected in iterations 0 … 15. */
export const REDIRECT_ITERATIONS = 16;

/**
 * A whole ascent, changing the resident image `u` (N,C,H,W) in place. One iteration: jitter → forward →
 * backward → inverse jitter → update → clamp if asked → blur when t mod blurEvery = 0.
 *
 * @param shifts jitter (dy, dx) of each iteration; none if not given
 * @returns objective[t][n], on the image before update t, L2 included
 */
export function referenceAscent(
  model: Pick<Model, "network" | "preprocess">,
  weights: ReferenceWeights,
  terms: readonly Term[],
  u: Tensor,
  settings: AscentSettings,
  iterations: number,
  shifts?: readonly (readonly [dy: number, dx: number])[],
): Float64Array[] {
  const state = initialState(u);
  const objectives: Float64Array[] = [];
  for (let t = 0; t < iterations; t++) {
    const [dy, dx] = shifts?.[t] ?? [0, 0];
    const { objective, gradient } = objectiveGradient(model, weights, terms, jitterForward(u, dy, dx), {
      l2: settings.l2,
      redirect: settings.redirect && t < REDIRECT_ITERATIONS,
    });
    objectives.push(objective);
    optimizerStep(settings.optimizer, u, jitterBackward(gradient, dy, dx), state, settings.lr, t);
    if (settings.clamp) clampToRgb(u, model);
    if (settings.blur > 0 && t % settings.blurEvery === 0) u.data.set(gaussianBlur(u, settings.blur).data);
  }
  return objectives;
}

/** Clamps colours u + mean to 0–1, in place. */
export function clampToRgb(u: Tensor, model: Pick<Model, "preprocess">): void {
  const [batch, colours, height, width] = u.shape;
  const { mean } = PREPROCESS[model.preprocess]!;
  for (let plane = 0; plane < batch * colours; plane++) {
    const shift = mean[plane % colours]!;
    for (let i = plane * height * width; i < (plane + 1) * height * width; i++) {
      u.data[i] = Math.min(1 - shift, Math.max(-shift, u.data[i]!));
    }
  }
}
