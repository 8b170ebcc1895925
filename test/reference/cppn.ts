/** One layer of a CPPN; see shaders/cppn.wgsl for the formula. */
export interface CppnShape {
  readonly batch: number;
  readonly area: number;
  readonly inputs: number;
  readonly outputs: number;
  /** 0: the first layer, whose inputs are coordinates, the same for every image. */
  readonly composite: 0 | 1;
}

/** a_f of the layer's input at one pixel, and its slope and input, for every feature f. */
function activations(shape: CppnShape, input: Float64Array, n: number, p: number) {
  const { inputs, area, composite } = shape;
  const z = Array.from({ length: inputs }, (_, i) => input[(composite * n * inputs + i) * area + p]!);
  if (composite === 0) return z.map((value, i) => ({ value, slope: 1, i }));
  const linear = z.map((v, i) => ({ value: Math.atan(v) / 0.67, slope: 1 / (1 + v * v) / 0.67, i }));
  const square = z.map((v, i) => ({
    value: Math.atan(v) ** 2 / 0.6,
    slope: (2 * Math.atan(v)) / (1 + v * v) / 0.6,
    i,
  }));
  return [...linear, ...square];
}

/** @param weights of each image: (outputs, features), then a bias an output */
export function cppnForward(weights: Float64Array, input: Float64Array, shape: CppnShape): Float64Array {
  const { batch, area, outputs, inputs, composite } = shape;
  const count = (1 + composite) * inputs;
  const output = new Float64Array(batch * outputs * area);
  for (let n = 0; n < batch; n++) {
    const base = n * outputs * (count + 1);
    for (let p = 0; p < area; p++) {
      const values = activations(shape, input, n, p);
      for (let k = 0; k < outputs; k++) {
        const bias = weights[base + outputs * count + k]!;
        output[(n * outputs + k) * area + p] = values.reduce(
          (sum, { value }, f) => sum + weights[base + k * count + f]! * value,
          bias,
        );
      }
    }
  }
  return output;
}

export function cppnBackwardInput(
  weights: Float64Array,
  input: Float64Array,
  outputGradient: Float64Array,
  shape: CppnShape,
): Float64Array {
  const { batch, area, outputs, inputs, composite } = shape;
  const count = (1 + composite) * inputs;
  const gradient = new Float64Array(batch * inputs * area);
  for (let n = 0; n < batch; n++) {
    for (let p = 0; p < area; p++) {
      for (const [f, { slope, i }] of activations(shape, input, n, p).entries()) {
        for (let k = 0; k < outputs; k++) {
          const weight = weights[n * outputs * (count + 1) + k * count + f]!;
          gradient[(n * inputs + i) * area + p]! +=
            weight * slope * outputGradient[(n * outputs + k) * area + p]!;
        }
      }
    }
  }
  return gradient;
}

export function cppnBackwardWeights(
  input: Float64Array,
  outputGradient: Float64Array,
  shape: CppnShape,
): Float64Array {
  const { batch, area, outputs, inputs, composite } = shape;
  const count = (1 + composite) * inputs;
  const gradient = new Float64Array(batch * outputs * (count + 1));
  for (let n = 0; n < batch; n++) {
    const base = n * outputs * (count + 1);
    for (let p = 0; p < area; p++) {
      const values = activations(shape, input, n, p);
      for (let k = 0; k < outputs; k++) {
        const dz = outputGradient[(n * outputs + k) * area + p]!;
        for (const [f, { value }] of values.entries()) gradient[base + k * count + f]! += value * dz;
        gradient[base + outputs * count + k]! += dz;
      }
    }
  }
  return gradient;
}
