import type { OptimizerKind } from "../../src/optvis/recipe.ts";
import { expectSameShape, type Tensor, zeros } from "./tensor.ts";

/** What an optimizer carries from step to step; both (N,C,H,W), zero at the start. */
export interface OptimizerState {
  /** Momentum's velocity, Adam's mean of g, or RMSprop's mean of g². */
  readonly first: Tensor;
  /** Adam's mean of g². */
  readonly second: Tensor;
}

export function initialState(image: Tensor): OptimizerState {
  return { first: zeros(image.shape), second: zeros(image.shape) };
}

/** 1 − 0.9ᵗ⁺¹ and 1 − 0.999ᵗ⁺¹, what Adam divides its moments by after t steps. */
export function biasCorrections(t: number): readonly [first: number, second: number] {
  return [1 - 0.9 ** (t + 1), 1 - 0.999 ** (t + 1)];
}

/**
 * One ascent step, each image of the batch by itself; `image` and `state` are changed in place.
 *   sgd        x + lr·g
 *   normalized x + lr·g / (‖g‖₂ + 1e-8)
 *   rms        x + lr·g / (√mean(g²) + 1e-8)
 *   mean       x + lr·g / (mean|g| + 1e-8)
 *   momentum   v = 0.9·v + g,  x + lr·v
 *   adam       m = 0.9·m + 0.1·g,  s = 0.999·s + 0.001·g²,
 *              x + lr·(m/(1−0.9ᵗ⁺¹)) / (√(s/(1−0.999ᵗ⁺¹)) + 1e-8)      (Kingma & Ba, algorithm 1)
 *
 * @param gradient (N,C,H,W), of the objective including L2
 * @param t steps made before this one
 */
export function optimizerStep(
  kind: OptimizerKind,
  image: Tensor,
  gradient: Tensor,
  state: OptimizerState,
  lr: number,
  t: number,
): void {
  expectSameShape(image, gradient, "optimizerStep");
  const perImage = image.data.length / image.shape[0];
  for (let n = 0; n < image.shape[0]; n++) {
    const range = [n * perImage, (n + 1) * perImage] as const;
    const x = image.data.subarray(...range);
    const g = gradient.data.subarray(...range);
    if (kind === "rmsprop") rmsprop(x, g, state.first.data.subarray(...range), lr);
    else if (kind === "nadam") {
      nadam(x, g, state.first.data.subarray(...range), state.second.data.subarray(...range), lr, t);
    } else if (kind === "momentum") momentum(x, g, state.first.data.subarray(...range), lr);
    else if (kind === "adam") {
      adam(x, g, state.first.data.subarray(...range), state.second.data.subarray(...range), lr, t);
    } else ascend(x, g, lr * gradientScale(kind, g));
  }
}

/** What sgd, normalized and rms multiply the gradient of one image with. */
export function gradientScale(kind: "sgd" | "normalized" | "rms" | "mean", g: Float64Array): number {
  if (kind === "sgd") return 1;
  if (kind === "mean") return 1 / (g.reduce((sum, value) => sum + Math.abs(value), 0) / g.length + 1e-8);
  const sumOfSquares = g.reduce((sum, value) => sum + value * value, 0);
  const size = kind === "normalized" ? Math.sqrt(sumOfSquares) : Math.sqrt(sumOfSquares / g.length);
  return 1 / (size + 1e-8);
}

function ascend(x: Float64Array, g: Float64Array, step: number): void {
  for (let i = 0; i < x.length; i++) x[i]! += step * g[i]!;
}

function momentum(x: Float64Array, g: Float64Array, v: Float64Array, lr: number): void {
  for (let i = 0; i < x.length; i++) {
    v[i] = 0.9 * v[i]! + g[i]!;
    x[i]! += lr * v[i]!;
  }
}

function adam(
  x: Float64Array,
  g: Float64Array,
  m: Float64Array,
  s: Float64Array,
  lr: number,
  t: number,
): void {
  const [firstBias, secondBias] = biasCorrections(t);
  for (let i = 0; i < x.length; i++) {
    m[i] = 0.9 * m[i]! + 0.1 * g[i]!;
    s[i] = 0.999 * s[i]! + 0.001 * g[i]! ** 2;
    x[i]! += (lr * (m[i]! / firstBias)) / (Math.sqrt(s[i]! / secondBias) + 1e-8);
  }
}

function rmsprop(x: Float64Array, g: Float64Array, s: Float64Array, lr: number): void {
  for (let i = 0; i < x.length; i++) {
    s[i] = 0.999 * s[i]! + 0.001 * g[i]! ** 2;
    x[i]! += (lr * g[i]!) / (Math.sqrt(s[i]!) + 1e-8);
  }
}

/** NAdam's momentum of step t, counted from 1. */
function nadamMomentum(t: number): number {
  return 0.9 * (1 - 0.5 * 0.96 ** (0.004 * t));
}

/** Product of NAdam's momentums of steps 1 … t+1. */
export function momentumProduct(t: number): number {
  let product = 1;
  for (let step = 1; step <= t + 1; step++) product *= nadamMomentum(step);
  return product;
}

/** Dozat 2016, as torch.optim.NAdam has it. */
function nadam(
  x: Float64Array,
  g: Float64Array,
  m: Float64Array,
  s: Float64Array,
  lr: number,
  t: number,
): void {
  const [, secondBias] = biasCorrections(t);
  const [now, next, product] = [nadamMomentum(t + 1), nadamMomentum(t + 2), momentumProduct(t)];
  for (let i = 0; i < x.length; i++) {
    m[i] = 0.9 * m[i]! + 0.1 * g[i]!;
    s[i] = 0.999 * s[i]! + 0.001 * g[i]! ** 2;
    const direction = ((1 - now) / (1 - product)) * g[i]! + (next / (1 - product * next)) * m[i]!;
    x[i]! += (lr * direction) / (Math.sqrt(s[i]! / secondBias) + 1e-8);
  }
}
