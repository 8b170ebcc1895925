/**
 * Weights (K,C,3,3) as the tiled convolutions read them: (C,3,3,K′), K′ = K rounded up to 8, the rest zeros.
 */
export function packForward(weight: Float64Array, outputs: number, inputs: number): Float64Array {
  const padded = 8 * Math.ceil(outputs / 8);
  const packed = new Float64Array(inputs * 9 * padded);
  for (let k = 0; k < outputs; k++) {
    for (let c = 0; c < inputs; c++) {
      for (let tap = 0; tap < 9; tap++)
        packed[(c * 9 + tap) * padded + k] = weight[(k * inputs + c) * 9 + tap]!;
    }
  }
  return packed;
}

/**
 * The weights of the convolution that is the transpose: input and output channels exchanged, every filter
 * turned by 180°, then packed likewise, (K,3,3,C′).
 */
export function packBackwardInput(weight: Float64Array, outputs: number, inputs: number): Float64Array {
  const transposed = new Float64Array(weight.length);
  for (let k = 0; k < outputs; k++) {
    for (let c = 0; c < inputs; c++) {
      const filter = weight.slice((k * inputs + c) * 9, (k * inputs + c + 1) * 9).reverse();
      transposed.set(filter, (c * outputs + k) * 9);
    }
  }
  return packForward(transposed, inputs, outputs);
}
