import { expectSameShape, type Tensor } from "./tensor.ts";

/** y = x where x > 0, else slope·x. Any shape. */
export function leakyForward(x: Tensor, slope: number): Tensor {
  return { shape: x.shape, data: x.data.map((value) => (value > 0 ? value : slope * value)) };
}

/**
 * dx = dy where x > 0, else slope·dy: at exactly 0 the unit is off, as in PyTorch.
 *
 * @param x the layer's input
 */
export function leakyBackward(dy: Tensor, x: Tensor, slope: number): Tensor {
  expectSameShape(dy, x, "leakyBackward");
  return { shape: dy.shape, data: dy.data.map((value, i) => (x.data[i]! > 0 ? value : slope * value)) };
}

/** Guided backpropagation: {@link leakyBackward} without negative gradients. */
export function leakyBackwardGuided(dy: Tensor, x: Tensor, slope: number): Tensor {
  const { shape, data } = leakyBackward(dy, x, slope);
  return { shape, data: data.map((value) => Math.max(value, 0)) };
}
