/**
 * Recipes by name, as they were published or as other tools have them. Rates are in this project's units, RGB 0–1: the
 * original's rate divided by the range of its pixels. λ of L2 is for pixels divided by their standard deviation;
 * `recipeSettings` converts it to a network's own units. The user chooses the objective, and the size where the original
 * names none.
 */
import type { Preprocess } from "../model/network.ts";
import { preprocessing } from "../model/preprocess.ts";
import { defaultRecipe, type Recipe } from "./recipe.ts";
import { MACO_CROPS } from "./transforms/transforms.ts";

export type NamedRecipe = Partial<Omit<Recipe, "objective" | "size">>;

/** About the standard deviation of ImageNet's colours, the unit of CS231n's pixels. */
const DEVIATION = 0.226;

/** Settings that Yosinski's four recipes share. */
const YOSINSKI = { init: "noise", optimizer: "rms", lr: 0.02, clamp: true, redirect: false } as const;

export const namedRecipes = {
  /**
   * Simonyan et al. 2013, "Deep Inside Convolutional Networks": zero image, plain ascent on the unnormalised
   * score minus λ‖I‖². Neither λ nor the rate is published; these are ours.
   */
  simonyan2013: { init: "zeros", optimizer: "sgd", lr: 0.05, l2: 1e-4, redirect: false, iterations: 200 },
  /**
   * Yosinski et al. 2015, "Understanding Neural Networks Through Deep Visualization": the four of their Table 1, which
   * gives decay, blur, clipping and iterations, but no rate. Their Deep Visualization Toolbox has rates, and clamps too.
   * Those rates are for plain ascent on a class of one network: 100 on pixels 0 to 255, or less for a gain of 2 a step.
   * With them the embedded network's classes do not rise. Our rate is for steps normalised by their rms. The toolbox
   * ascends one unit: a class, or the unit in the centre of a channel, `neuron:LAYER:I`.
   */
  yosinski2015a: { ...YOSINSKI, blur: 0.5, blurEvery: 4, clipNorm: 50, iterations: 500 },
  yosinski2015b: { ...YOSINSKI, decay: 0.3, clipNorm: 20, iterations: 750 },
  yosinski2015c: { ...YOSINSKI, decay: 0.0001, blur: 1, blurEvery: 4, iterations: 1000 },
  yosinski2015d: { ...YOSINSKI, blur: 0.5, blurEvery: 4, clipContribution: 90, iterations: 1000 },
  /** Stanford CS231n, class visualization: rate 25 on pixels over their standard deviation. */
  cs231n: {
    ...{ init: "noise", optimizer: "normalized", lr: 25 * DEVIATION, l2: 1e-3, iterations: 100 },
    ...{ jitter: 16, blur: 0.5, blurEvery: 10, clamp: true, redirect: false },
  },
  /**
   * Keras, "Visualizing what convnets learn" (Chollet 2020): rate 10 on pixels from −1 to 1. Its objective is a
   * channel without a border of two positions; a user writes it as `channel:LAYER:I:border=2`. It draws 180×180 pixels,
   * cuts off 25 on every side, and shows the rest standardised. Here the user chooses the size, and nothing is cut off.
   */
  keras: {
    ...{ init: "noise", optimizer: "normalized", lr: 5, iterations: 30, redirect: false },
    standardize: true,
  },
  /** tfjs-examples, visualize-convnet: a step of 1 on pixels 0 to 255 along g/rms(g), clipped. */
  tfjs: { init: "noise", optimizer: "rms", lr: 1 / 255, iterations: 80, clamp: true, redirect: false },
  /** Mordvintsev et al. 2015, DeepDream, one octave: steps of 1.5/mean|g| on pixels 0 to 255, jitter 32, clipped. */
  deepdream: {
    init: "photo",
    optimizer: "mean",
    clamp: true,
    lr: 1.5 / 255,
    jitter: 32,
    iterations: 10,
    redirect: false,
  },
  /** Olah et al. 2017, "Feature Visualization", as Lucid's `render_vis` does it. */
  lucid2017: {
    ...{ param: "fourier", init: "noise", transforms: "standard", optimizer: "adam", lr: 0.05 },
    ...{ redirect: true, iterations: 512 },
  },
  /**
   * Fel et al. 2023, MACO: NAdam with rate 1 on the phase; boxes of 50 to 5 % and noise 0.08. Here a step sees
   * one box an image. For 32 boxes draw 32 images that share all frequencies: `batch` 32, `share` 2048.
   */
  maco2023: {
    ...{ param: "maco", init: "noise", transforms: MACO_CROPS, optimizer: "nadam", lr: 1 },
    ...{ redirect: false, iterations: 256 },
  },
} as const satisfies Readonly<Record<string, NamedRecipe>>;

export type RecipeName = keyof typeof namedRecipes;

export const recipeNames = Object.keys(namedRecipes) as readonly RecipeName[];

/**
 * Every setting of a named recipe. Settings that it does not name are those of plain ascent.
 * @param preprocess of the network, on which λ depends: Σ(network input)² is thousands of times larger for pixels 0 to
 *   255 than for pixels over their deviation, while the score is the same
 */
export function recipeSettings(name: RecipeName, preprocess: Preprocess): NamedRecipe {
  const { objective: _objective, size: _size, seed: _seed, batch: _batch, ...plain } = defaultRecipe;
  const settings: NamedRecipe = namedRecipes[name];
  const [own, usual] = [preprocess, "imagenet" as const].map(
    (kind) => preprocessing(kind).scale[0] as number,
  ) as [number, number];
  const deviation = own / usual;
  return { ...plain, ...settings, l2: (settings.l2 ?? 0) / deviation ** 2 };
}

/** Whether a recipe is the named one, whatever its objective, size, seed and start. */
export function isRecipe(name: RecipeName, recipe: Recipe, preprocess: Preprocess): boolean {
  const { init: _init, ...settings } = recipeSettings(name, preprocess);
  return Object.entries(settings).every(([key, value]) => recipe[key as keyof Recipe] === value);
}
