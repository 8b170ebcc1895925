import type { PlainTerm } from "../../src/optvis/term.ts";
import type { NeuronTerm } from "../../src/optvis/terms/neuron.ts";
import { type Shape4, type Tensor, zeros } from "./tensor.ts";

/**
 * Unweighted value of a term for each image: `channel` the mean over positions, `neuron` one unit, `layer`
 * the mean of squares over channels and positions.
 *
 * @param a the layer's activations, (N,C,H,W); (N,O,1,1) for a linear layer
 */
export function termValue(term: PlainTerm, a: Tensor): Float64Array {
  const [batch, channels, height, width] = a.shape;
  const plane = height * width;
  return Float64Array.from({ length: batch }, (_, n) => {
    if (term.kind === "layer")
      return meanOf(a.data.subarray(n * channels * plane, (n + 1) * channels * plane), true);
    const begin = (n * channels + term.channel) * plane;
    if (term.kind === "channel") return meanOf(a.data.subarray(begin, begin + plane), false);
    return a.data[begin + unitOf(term, a.shape)]!;
  });
}

/** ∂(weight · value)/∂a of a term, (N,C,H,W): 1/HW on a channel, 1 on a neuron, 2a/CHW on a layer. */
export function termSeed(term: PlainTerm, a: Tensor): Tensor {
  const [batch, channels, height, width] = a.shape;
  const plane = height * width;
  if (term.kind === "layer") {
    const factor = (2 * term.weight) / (channels * plane);
    return { shape: a.shape, data: a.data.map((value) => factor * value) };
  }
  const seed = zeros(a.shape);
  for (let n = 0; n < batch; n++) {
    const begin = (n * channels + term.channel) * plane;
    if (term.kind === "channel") seed.data.fill(term.weight / plane, begin, begin + plane);
    else seed.data[begin + unitOf(term, a.shape)] = term.weight;
  }
  return seed;
}

/** −l2 · Σ net² of each image; not averaged. */
export function l2Value(net: Tensor, l2: number): Float64Array {
  const perImage = net.data.length / net.shape[0];
  return Float64Array.from({ length: net.shape[0] }, (_, n) => {
    const squares = meanOf(net.data.subarray(n * perImage, (n + 1) * perImage), true) * perImage;
    return -l2 * squares;
  });
}

/** −2 · l2 · net. */
export function l2Seed(net: Tensor, l2: number): Tensor {
  return { shape: net.shape, data: net.data.map((value) => -2 * l2 * value) };
}

function unitOf(term: NeuronTerm, shape: Shape4): number {
  const [y, x] = term.position ?? [Math.floor(shape[2] / 2), Math.floor(shape[3] / 2)];
  return y * shape[3] + x;
}

function meanOf(values: Float64Array, squared: boolean): number {
  let sum = 0;
  for (const value of values) sum += squared ? value * value : value;
  return sum / values.length;
}
