import { expectSameShape, type Tensor } from "./tensor.ts";

export type Smooth = "tanh" | "sigmoid";

/** y = tanh(x). Any shape. */
export function tanhForward(x: Tensor): Tensor {
  return { shape: x.shape, data: x.data.map(Math.tanh) };
}

/** y = 1/(1+exp(−x)). Any shape. */
export function sigmoidForward(x: Tensor): Tensor {
  return { shape: x.shape, data: x.data.map(logistic) };
}

/** y′ at x: 1/cosh²(x), or s(x)·s(−x). */
export function smoothDerivative(kind: Smooth, x: Tensor): Tensor {
  const derivative = (value: number) =>
    kind === "tanh" ? Math.cosh(value) ** -2 : logistic(value) * logistic(-value);
  return { shape: x.shape, data: x.data.map(derivative) };
}

/** dx = factor · dy. */
export function smoothBackward(dy: Tensor, factor: Tensor): Tensor {
  expectSameShape(dy, factor, "smoothBackward");
  return { shape: dy.shape, data: dy.data.map((value, i) => value * factor.data[i]!) };
}

function logistic(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
