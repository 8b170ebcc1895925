/**
 * A recipe is everything that decides a picture besides the weights: one JSON value, one URL.
 * Pixels are RGB in 0–1 units; learning rates are in those units; L2 pulls toward the zero input.
 */
export type OptimizerKind = "sgd" | "normalized" | "rms" | "momentum" | "adam";

export interface Recipe {
  /** SPEC: `channel:conv3_4:17`, `class:goldfish`, `channel:a:1 - 0.5*neuron:b:2:3,4`. */
  readonly objective: string;
  /** Height and width in pixels. */
  readonly size: readonly [height: number, width: number];
  /** Images optimised at once, each from its own start (seed, seed + 1, …). */
  readonly batch: number;
  /** `zeros`, `noise`, or `photo` (the pixels are then handed over beside the recipe). */
  readonly init: "zeros" | "noise" | "photo";
  readonly optimizer: OptimizerKind;
  /** Step size in RGB 0–1 units. */
  readonly lr: number;
  /** λ of −λ·Σ(network input)². */
  readonly l2: number;
  /** Standard deviation in pixels of the Gaussian blur; 0 is none. */
  readonly blur: number;
  /** Blur after the update of every iteration t (from 0) with t mod blurEvery = 0. */
  readonly blurEvery: number;
  /** Circular jitter: shifts uniform in [−jitter, jitter]² each iteration. */
  readonly jitter: number;
  /** Clamp RGB to 0–1 after each update. */
  readonly clamp: boolean;
  /** ReLU-gradient redirect in iterations 0–15. */
  readonly redirect: boolean;
  readonly seed: number;
  readonly iterations: number;
}
