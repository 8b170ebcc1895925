/** The float64 twins against numbers other projects publish. */
import { describe, expect, it } from "vitest";
import { avgPoolBackward, avgPoolForward } from "./avgpool.ts";
import { gaussianBlur } from "./blur.ts";
import { conv3x3BackwardInput, conv3x3Forward } from "./conv3x3.ts";
import {
  CS231N_CONV,
  CS231N_MAXPOOL,
  LUCENT,
  ONNX_CONV_TRANSPOSE,
  SCIPY_GAUSSIAN_1D,
  SCIPY_GAUSSIAN_2D,
  splitFilter4x4,
  TFJS_AVGPOOL,
  TFJS_CONV,
  TFJS_MAXPOOL,
  TFJS_RELU,
  XPLIQUE,
} from "./literals.ts";
import { maxPoolBackward, maxPoolForward } from "./maxpool.ts";
import { l1Forward, rootForward, variationForward } from "./penalty.ts";
import { reluBackward, reluForward } from "./relu.ts";
import { resampleForward } from "./resample.ts";
import { type Tensor, tensor } from "./tensor.ts";
import { windowForward } from "./window.ts";

/** Half a unit of the eighth decimal the literals are printed to, and a little for rounding. */
const EIGHT_DECIMALS = 5.01e-9;

function expectWithin(got: ArrayLike<number>, expected: readonly number[], tolerance: number): void {
  expect(got.length).toBe(expected.length);
  for (const [i, value] of expected.entries())
    expect(Math.abs(got[i]! - value)).toBeLessThanOrEqual(tolerance);
}

describe("CS231n, assignment 2", () => {
  it("convolution", () => {
    const input = tensor(CS231N_CONV.inputShape, CS231N_CONV.input);
    const output = new Float64Array(CS231N_CONV.output.length);
    for (const { row, column, filter } of splitFilter4x4(CS231N_CONV.weight)) {
      const bias = row + column === 0 ? Float64Array.from(CS231N_CONV.bias) : new Float64Array(3);
      const y = conv3x3Forward(input, filter, bias, 1);
      for (let i = 0; i < output.length; i++) {
        const [plane, oy, ox] = [i >> 2, (i >> 1) & 1, i & 1];
        output[i]! += y.data[plane * 16 + (2 * oy + row) * 4 + 2 * ox + column]!;
      }
    }
    expectWithin(output, CS231N_CONV.output, EIGHT_DECIMALS);
  });

  it("max-pool", () => {
    const { output } = maxPoolForward(tensor(CS231N_MAXPOOL.inputShape, CS231N_MAXPOOL.input));
    expectWithin(output.data, CS231N_MAXPOOL.output, EIGHT_DECIMALS);
  });
});

describe("ONNX ConvTranspose", () => {
  it.each(ONNX_CONV_TRANSPOSE)("$name", ({ outputGradient, weight, inputChannels, inputGradient }) => {
    const dy = tensor([1, 1, 3, 3], outputGradient);
    const dx = conv3x3BackwardInput(dy, Float64Array.from(weight), inputChannels, 0);
    expect([...dx.data]).toEqual([...inputGradient]);
  });
});

describe("tfjs-core", () => {
  it("conv2d, forward", () => {
    const { inputShape, input, weight, output } = TFJS_CONV.forward;
    const y = conv3x3Forward(tensor(inputShape, input), Float64Array.from(weight), new Float64Array(1), 1);
    expectWithin(
      [4, 5, 7, 8].map((i) => y.data[i]!),
      output,
      1e-12,
    );
  });

  it("conv2d, gradient", () => {
    const { weight, outputGradient, inputGradient } = TFJS_CONV.backward;
    const dy = tensor([2, 1, 3, 3], new Float64Array(18));
    for (const [i, value] of outputGradient.entries()) dy.data[(i >> 2) * 9 + [4, 5, 7, 8][i & 3]!] = value;
    expect([...conv3x3BackwardInput(dy, Float64Array.from(weight), 1, 1).data]).toEqual([...inputGradient]);
  });

  it.each(TFJS_MAXPOOL)("maxPool of $input", ({ input, output, outputGradient, inputGradient }) => {
    const pooled = maxPoolForward(tensor([1, 1, 4, 4], input));
    expect([...pooled.output.data]).toEqual([...output]);
    const dx = maxPoolBackward(tensor([1, 1, 2, 2], outputGradient), pooled.winners, [1, 1, 4, 4]);
    expect([...dx.data]).toEqual([...inputGradient]);
  });

  it.each(TFJS_AVGPOOL)("avgPool $name", (literal) => {
    expect([...avgPoolForward(tensor(literal.inputShape, literal.input), 2).data]).toEqual([
      ...literal.output,
    ]);
    if (!("outputGradient" in literal)) return;
    const dx = avgPoolBackward(tensor([2, 1, 2, 2], literal.outputGradient), literal.inputShape);
    expect([...dx.data]).toEqual([...literal.inputGradient]);
  });

  it("relu and its gradient", () => {
    const { forward, backward } = TFJS_RELU;
    expect([...reluForward(tensor([1, 1, 1, 5], forward.input)).data]).toEqual([...forward.output]);
    const dx = reluBackward(
      tensor([1, 1, 2, 2], backward.outputGradient),
      tensor([1, 1, 2, 2], backward.input),
    );
    expect([...dx.data]).toEqual([...backward.inputGradient]);
  });
});

describe("Lucent", () => {
  const square = ({ side, input }: { readonly side: number; readonly input: readonly number[] }): Tensor =>
    tensor([1, 1, side, side], input);

  it("pad", () => {
    const { pad } = LUCENT;
    expect([...windowForward(square(pad), [-1, -1], [4, 4], [pad.fill]).data]).toEqual([...pad.output]);
  });

  it("random_scale", () => {
    const { scale } = LUCENT;
    const { data } = resampleForward(square(scale), { angle: 0, scale: scale.scale }, [0]);
    expect([...data]).toEqual([...scale.output]);
  });

  it.each(LUCENT.rotate)("random_rotate, $side pixels", (rotate) => {
    const { data } = resampleForward(square(rotate), { angle: -Math.PI / 2, scale: 1 }, [0]);
    // The cosine of a quarter turn is 2⁻⁵⁴, which is how much of a neighbour a pixel sees.
    expectWithin(data, rotate.output, 1e-15);
  });
});

describe("Xplique", () => {
  it("total variation", () => {
    const { input, value } = XPLIQUE.variation;
    expect([...variationForward(tensor([1, 1, 3, 3], input))]).toEqual([value]);
  });

  it("L1 and L2", () => {
    const { input, l1, l2 } = XPLIQUE.norms;
    const x = tensor([1, 1, 1, 2], input);
    expect([...l1Forward(x, 0)]).toEqual([2 * l1]);
    // Of √(Σx² + 1e-6), 1e-6/(2√Σx²) is the root's own part.
    expectWithin(rootForward(x, 0), [Math.SQRT2 * l2], 1e-6 / (2 * Math.SQRT2 * l2));
  });
});

describe("scipy.ndimage", () => {
  it.each(SCIPY_GAUSSIAN_1D)("gaussian_filter1d, sigma $sigma", ({ sigma, input, output }) => {
    // The other direction is constant, which a normalised kernel leaves as it is.
    expectWithin(gaussianBlur(tensor([1, 1, 1, 5], input), sigma).data, output, EIGHT_DECIMALS);
    expectWithin(gaussianBlur(tensor([1, 1, 5, 1], input), sigma).data, output, EIGHT_DECIMALS);
  });

  it("gaussian_filter, which cuts to integers after each of its two passes", () => {
    const { sigma, input, truncatedOutput } = SCIPY_GAUSSIAN_2D;
    const image = Float64Array.from(input);
    for (const stride of [5, 1]) {
      for (let line = 0; line < 5; line++) {
        const at = Array.from({ length: 5 }, (_, i) => (stride === 5 ? line : 5 * line) + i * stride);
        const blurred = gaussianBlur(
          tensor(
            [1, 1, 1, 5],
            at.map((index) => image[index]!),
          ),
          sigma,
        );
        // A value that is whole but for rounding counts as whole.
        for (const [i, index] of at.entries()) image[index] = Math.trunc(blurred.data[i]! + 1e-9);
      }
    }
    expect([...image]).toEqual([...truncatedOutput]);
  });
});
