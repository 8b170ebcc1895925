import { sigmoidForward, smoothBackward, tanhForward } from "../../../src/nn/layers/smooth.ts";
import { type Smooth, smoothDerivative } from "../../reference/smooth.ts";
import { tensor } from "../../reference/tensor.ts";
import * as twin from "../../reference/twins.ts";
import type { GpuCase } from "../../stacks/case.ts";
import { expectWithin, noise, roundings } from "../../support/compare.ts";
import { kernelCase, type Proof } from "../../support/execute.ts";

interface Curve {
  readonly kind: Smooth;
  readonly length: number;
  /** Largest number. */
  readonly range: number;
}

/** Around a workgroup; about 0, over the bend, far beyond it. */
const CURVES: readonly Curve[] = (["tanh", "sigmoid"] as const).flatMap((kind) => [
  { kind, length: 1, range: 1 },
  { kind, length: 63, range: 1e-3 },
  { kind, length: 64, range: 0.2 },
  { kind, length: 65, range: 4 },
  { kind, length: 130, range: 30 },
]);

/**
 * WGSL: exp(v) errs by up to 3 + 2|v| ULP, an ULP being two roundings, and each division by 2.5. In 1−e the error of e
 * grows by e/(1−e), which is below 5 where the series ends.
 */
function depth(range: number): number {
  const exponential = 2 * (3 + 2 * 2 * range);
  return 6 * exponential + 12;
}

function curve({ kind, length, range }: Curve): Proof {
  const input = noise(1, length).map((value) => range * value);
  // Both zeros, and the ends of the series; far out, where exp(x) is no number.
  input.set([0, -0, 0.1, -0.1, 90, -90].slice(0, length));
  const x = tensor([1, length, 1, 1], input);
  const dy = tensor([1, length, 1, 1], noise(2, length));
  const forward = kind === "tanh" ? tanhForward : sigmoidForward;
  return {
    buffers: {
      input,
      output: input.byteLength,
      derivative: input.byteLength,
      factor: noise(3, length),
      gradient: Float32Array.from(dy.data),
    },
    dispatches: [
      forward("forward", length, { input: "input", output: "output", derivative: "derivative" }),
      smoothBackward("backward", length, { factor: "factor", gradient: "gradient" }),
    ],
    check(read) {
      const y = (kind === "tanh" ? twin.tanh_forward : twin.sigmoid_forward)(x).data;
      const slope = smoothDerivative(kind, x).data;
      const near = (name: string, expected: Float64Array) => {
        for (const [i, value] of expected.entries()) {
          const factor = roundings(depth(Math.min(Math.abs(input[i]!), 45)));
          const got = [read.f32(name)[i]!];
          // Below the smallest normal number a device may write 0.
          if (Math.abs(value) < 2 ** -126) expectWithin(name, got, [0], [2 ** -125], 1);
          else expectWithin(`${name} at ${input[i]}`, got, [value], [value], factor);
        }
      };
      near("output", y);
      near("derivative", slope);
      const factor = tensor([1, length, 1, 1], noise(3, length));
      const expected = twin.smooth_backward(dy, factor).data;
      expectWithin("gradient", read.f32("gradient"), expected, expected, roundings(1));
    },
  };
}

export const cases: readonly GpuCase[] = [
  kernelCase(
    ["tanh_forward", "sigmoid_forward", "smooth_backward"],
    "about 0, over the bend and far beyond it",
    CURVES,
    curve,
  ),
];
