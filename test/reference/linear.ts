import { type Shape4, type Tensor, tensor, zeros } from "./tensor.ts";

/**
 * y[n,o] = b[o] + Σ_i w[o,i] · x[n,i], with x flattened in (C,H,W) order.
 *
 * @param x (N,C,H,W) with C·H·W = I
 * @param weight (O,I), flat
 * @param bias (O)
 * @returns (N,O,1,1)
 */
export function linearForward(x: Tensor, weight: ArrayLike<number>, bias: ArrayLike<number>): Tensor {
  const batch = x.shape[0];
  const inputs = x.data.length / batch;
  const outputs = bias.length;
  if (weight.length !== outputs * inputs) {
    throw new Error(`linearForward: weight has ${weight.length} numbers, expected (${outputs},${inputs})`);
  }
  const y = zeros([batch, outputs, 1, 1]);
  for (let n = 0; n < batch; n++) {
    for (let o = 0; o < outputs; o++) {
      let sum = bias[o]!;
      for (let i = 0; i < inputs; i++) sum += weight[o * inputs + i]! * x.data[n * inputs + i]!;
      y.data[n * outputs + o] = sum;
    }
  }
  return y;
}

/**
 * dx[n,i] = Σ_o w[o,i] · dy[n,o].
 *
 * @param dy (N,O,1,1)
 * @param weight (O,I), flat
 * @param inputShape (N,C,H,W) with C·H·W = I
 */
export function linearBackwardInput(dy: Tensor, weight: ArrayLike<number>, inputShape: Shape4): Tensor {
  const [batch, outputs] = dy.shape;
  const inputs = weight.length / outputs;
  const dx = new Float64Array(batch * inputs);
  for (let n = 0; n < batch; n++) {
    for (let o = 0; o < outputs; o++) {
      const gradient = dy.data[n * outputs + o]!;
      if (gradient === 0) continue;
      for (let i = 0; i < inputs; i++) dx[n * inputs + i]! += weight[o * inputs + i]! * gradient;
    }
  }
  return tensor(inputShape, dx);
}
