/**
 * A recipe is everything that decides a picture besides the weights: one JSON value, one URL.
 * Pixels are RGB in 0–1 units; learning rates are in those units; L2 pulls toward the zero input.
 */
export type OptimizerKind = (typeof optimizerKinds)[number];

/** What is optimised: see `params/`. */
export type ParamKind = "pixel" | "fourier" | "laplacian" | "cppn" | "maco";

export const paramKinds: readonly ParamKind[] = ["pixel", "fourier", "laplacian", "cppn", "maco"];
export const optimizerKinds = [
  "sgd",
  "normalized",
  "rms",
  "mean",
  "momentum",
  "adam",
  "rmsprop",
  "nadam",
] as const;
export const initKinds: readonly Recipe["init"][] = ["zeros", "noise", "photo"];

export interface Recipe {
  /** SPEC: `channel:conv3_4:17`, `class:goldfish`, `channel:a:1 - 0.5*neuron:b:2:3,4`. */
  readonly objective: string;
  /** Height and width in pixels. */
  readonly size: readonly [height: number, width: number];
  /** Images optimised at once, each as it would be alone with a seed of its own: seed, seed + 1, … */
  readonly batch: number;
  /** `zeros`, `noise`, or `photo` (the pixels are then handed over beside the recipe). */
  readonly init: "zeros" | "noise" | "photo";
  readonly param: ParamKind;
  /** Frequencies, in cycles along the longer side, up to which the images of a batch are one; 0 is none. */
  readonly share: number;
  /** A fourth plane, opacity; the network sees the image over a random background (`params/alpha.ts`). */
  readonly alpha: boolean;
  readonly optimizer: OptimizerKind;
  /** Step size in RGB 0–1 units. */
  readonly lr: number;
  /** λ of −λ·Σ(network input)². */
  readonly l2: number;
  /** Part of what is optimised that is lost at every step, of pixels counted from the zero input; 0 is none. */
  readonly decay: number;
  /** Standard deviation in pixels of the Gaussian blur; 0 is none. */
  readonly blur: number;
  /** Blur after the update of every iteration t (from 0) with t mod blurEvery = 0. */
  readonly blurEvery: number;
  /** Standard deviation in pixels of the Gaussian blur of the image's gradient; 0 is none. */
  readonly blurGradient: number;
  /** Percentile of the pixels, by norm, that is set to the zero input after every step; 0 to 100. */
  readonly clipNorm: number;
  /** The same by contribution to the objective. */
  readonly clipContribution: number;
  /** Circular jitter: shifts uniform in [−jitter, jitter]² each iteration; before the other transforms. */
  readonly jitter: number;
  /** `none`, `standard` or a list such as `pad:12,crop:8,scale:0.1`; see `transforms/transforms.ts`. */
  readonly transforms: string;
  /** How much of the transforms' amounts is used, 0 to 1. */
  readonly strength: number;
  /** Clamp RGB to 0–1 after each update. */
  readonly clamp: boolean;
  /** ReLU-gradient redirect in iterations 0–15. */
  readonly redirect: boolean;
  /** Show the picture around grey with a deviation of 0.15 (`standardize.ts`); the image itself stays as it is. */
  readonly standardize: boolean;
  /** How many iterations, the first ones, run at half the size (`coarse.ts`); of pixels, unless from a photograph. */
  readonly coarse: number;
  readonly seed: number;
  readonly iterations: number;
}

/** Plain ascent: what the command line's flags mean when they are not given. Tuned ones: `recipes.ts`. */
export const defaultRecipe: Recipe = {
  objective: "channel:conv1_1:0",
  size: [128, 128],
  batch: 1,
  init: "zeros",
  param: "pixel",
  share: 0,
  alpha: false,
  optimizer: "rms",
  lr: 0.05,
  l2: 0,
  decay: 0,
  blur: 0,
  blurEvery: 1,
  blurGradient: 0,
  clipNorm: 0,
  clipContribution: 0,
  jitter: 0,
  transforms: "none",
  strength: 1,
  clamp: false,
  redirect: true,
  standardize: false,
  coarse: 0,
  seed: 0,
  iterations: 100,
};

/** Plain ascent as it is measured: from noise and without the redirect all iterations run the same kernels. */
export const benchRecipe: Recipe = { ...defaultRecipe, init: "noise", redirect: false };

export interface Bounds {
  readonly least: number;
  readonly most: number;
  readonly whole: boolean;
}

/** Fields that hold a number. */
export type NumberField = {
  [Key in keyof Recipe]: Recipe[Key] extends number ? Key : never;
}[keyof Recipe];

/** Beyond these nothing sensible can be meant; the device's own limits are tighter and known later. */
export const recipeBounds: Readonly<Record<NumberField | "side", Bounds>> = {
  side: { least: 1, most: 4096, whole: true },
  batch: { least: 1, most: 256, whole: true },
  share: { least: 0, most: 2048, whole: false },
  lr: { least: 0, most: 1e9, whole: false },
  l2: { least: 0, most: 1e9, whole: false },
  decay: { least: 0, most: 1, whole: false },
  blur: { least: 0, most: 64, whole: false },
  blurEvery: { least: 1, most: 1e6, whole: true },
  blurGradient: { least: 0, most: 64, whole: false },
  clipNorm: { least: 0, most: 100, whole: false },
  clipContribution: { least: 0, most: 100, whole: false },
  jitter: { least: 0, most: 2048, whole: true },
  strength: { least: 0, most: 1, whole: false },
  coarse: { least: 0, most: 1e6, whole: true },
  seed: { least: 0, most: 2 ** 32 - 1, whole: true },
  iterations: { least: 0, most: 1e6, whole: true },
};

/** Names of the fields that hold a number, in the recipe's order. */
export const numberFields = (Object.keys(defaultRecipe) as (keyof Recipe)[]).filter(
  (field): field is NumberField => typeof defaultRecipe[field] === "number",
);

/** What holds an image back, besides the objective's terms; those that are 0 cost nothing. */
export const regularizerFields = [
  "l2",
  "decay",
  "blur",
  "blurEvery",
  "blurGradient",
  "clipNorm",
  "clipContribution",
] as const satisfies readonly NumberField[];

export type Regularizers = Pick<Recipe, (typeof regularizerFields)[number]>;

/** Fields that may change while an ascent runs: they are uniforms of its kernels. */
export const liveFields = ["lr", "strength", ...regularizerFields] as const satisfies readonly NumberField[];

export type LiveField = (typeof liveFields)[number];
