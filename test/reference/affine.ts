import type { Tensor } from "./tensor.ts";

/** y[n,c,·] = w[c]·x[n,c,·] + b[c]. */
export function affineForward(x: Tensor, weight: Float64Array, bias: Float64Array): Tensor {
  const channel = channelOf(x);
  return { shape: x.shape, data: x.data.map((value, i) => weight[channel(i)]! * value + bias[channel(i)]!) };
}

/** dx[n,c,·] = w[c]·dy[n,c,·]. */
export function affineBackward(dy: Tensor, weight: Float64Array): Tensor {
  const channel = channelOf(dy);
  return { shape: dy.shape, data: dy.data.map((value, i) => weight[channel(i)]! * value) };
}

function channelOf({ shape: [, channels, height, width] }: Tensor): (index: number) => number {
  return (index) => Math.floor(index / (height * width)) % channels;
}
