/** What half precision needs beside the convolution: ranges, scaled weights, and scales that cancel exactly. */
import { ShaderError } from "../../src/errors.ts";
import { requestGpu } from "../../src/gpu/device.ts";
import { float16ToFloat32 } from "../../src/model/half.ts";
import { type ConvShape, convOutputSize, correlation, variantOf } from "../../src/nn/conv3x3.ts";
import * as twin from "../reference/twins.ts";
import type { GpuCase } from "../stacks/case.ts";
import { expectExact, expectWithin, noise } from "../support/compare.ts";
import { kernelCase, type Proof } from "../support/execute.ts";

const half = variantOf("half");
const RANGE_BYTES = 256;
/** Rounding to half precision either way, in units of the number. */
const HALF_ROUNDING = 2 ** -10;
/** Halves below may be flushed to 0. */
const SMALLEST_NORMAL_HALF = 2 ** -14;

const SHAPES: readonly ConvShape[] = [
  { batch: 1, inputChannels: 1, inputHeight: 3, inputWidth: 3, outputChannels: 1, padding: 1 },
  { batch: 2, inputChannels: 9, inputHeight: 5, inputWidth: 9, outputChannels: 10, padding: 0 },
  { batch: 1, inputChannels: 70, inputHeight: 4, inputWidth: 3, outputChannels: 33, padding: 1 },
];

function packing() {
  if (!half.packing) throw new Error("half precision packs its weights");
  return half.packing;
}

/** The ranges stand in front of the packed weights, so both are looked at in one buffer. */
function packed({ scale, ...shape }: ConvShape & { readonly scale: number }): Proof {
  const { inputChannels, outputChannels } = shape;
  const weights = noise(1, outputChannels * inputChannels * 9).map((value) => value * scale);
  return {
    buffers: {
      weights,
      forward: packing().bytes(inputChannels, outputChannels),
      backward: packing().bytes(outputChannels, inputChannels),
    },
    dispatches: [
      ...packing().pack("pack", "forward", shape, { weights: "weights", packed: "forward" }),
      ...packing().pack("pack", "backward_input", shape, { weights: "weights", packed: "backward" }),
    ],
    check(read) {
      const w = Float64Array.from(weights);
      const expected = {
        forward: twin.conv3x3_pack_forward_half(w, outputChannels, inputChannels),
        backward: twin.conv3x3_pack_backward_input_half(w, outputChannels, inputChannels),
      };
      for (const name of ["forward", "backward"] as const) {
        const words = read.u32(name);
        expectExact(`range, ${name}`, words.subarray(0, 64), twin.conv3x3_range_half(weights));
        const halves = float16ToFloat32(new Uint16Array(words.buffer, RANGE_BYTES));
        const bound = expected[name].map((value) =>
          Math.max(Math.abs(value), SMALLEST_NORMAL_HALF / HALF_ROUNDING),
        );
        expectWithin(name, halves, expected[name], bound, HALF_ROUNDING);
        if (!halves.some((value) => Math.abs(value) > 16))
          throw new Error(`${name}: the largest is too small`);
      }
    },
  };
}

interface Scaled {
  readonly shape: ConvShape;
  /** Exponents of two that weights and gradient are multiplied by. */
  readonly weights: number;
  readonly gradient: number;
}

/** A gradient of any magnitude gives the same halves, so the same sums but for a power of two. */
function scaled({ shape, ...exponents }: Scaled): Proof {
  const pass = correlation(shape, "backward_input");
  const [height, width] = convOutputSize(shape);
  const w = noise(1, shape.outputChannels * shape.inputChannels * 9);
  const dy = noise(4, shape.batch * shape.outputChannels * height * width);
  const dx = 4 * shape.batch * shape.inputChannels * shape.inputHeight * shape.inputWidth;
  const workspace = { range: "range", overflow: "overflow" };
  const packedBytes = packing().bytes(shape.outputChannels, shape.inputChannels);
  return {
    buffers: {
      weights: w,
      scaledWeights: w.map((value) => value * 2 ** exponents.weights),
      dy,
      scaledDy: dy.map((value) => value * 2 ** exponents.gradient),
      packed: packedBytes,
      scaledPacked: packedBytes,
      range: RANGE_BYTES,
      overflow: new Uint32Array(1),
      dx,
      scaledDx: dx,
    },
    dispatches: [
      ...packing().pack("pack", "backward_input", shape, { weights: "weights", packed: "packed" }),
      ...packing().pack("pack", "backward_input", shape, {
        weights: "scaledWeights",
        packed: "scaledPacked",
      }),
      ...half.backwardInput("plain", pass, { weights: "packed", input: "dy", output: "dx", workspace }),
      ...half.backwardInput("scaled", pass, {
        weights: "scaledPacked",
        input: "scaledDy",
        output: "scaledDx",
        workspace,
      }),
    ],
    check(read) {
      const factor = 2 ** (exponents.weights + exponents.gradient);
      expectExact(
        "scaled",
        read.f32("scaledDx"),
        read.f32("dx").map((value) => value * factor),
      );
      expectExact("overflow", read.u32("overflow"), [0]);
    },
  };
}

interface Overflowing {
  /** One number of the gradient. */
  readonly value: number;
  /** Exponent of two that the weights are multiplied by. */
  readonly weights: number;
}

/** What is not finite in float32 is not hidden: it comes out wherever it is read, and sets the flag. */
function overflowing({ value, weights }: Overflowing): Proof {
  const shape: ConvShape = { ...(SHAPES[1] as ConvShape), batch: 1, padding: 1 };
  const pass = correlation(shape, "backward_input");
  const { inputChannels, outputChannels, inputHeight, inputWidth } = shape;
  const dy = noise(4, outputChannels * inputHeight * inputWidth);
  dy[inputWidth + 1] = value;
  return {
    buffers: {
      weights: noise(1, outputChannels * inputChannels * 9).map((w) => w * 2 ** weights),
      packed: packing().bytes(outputChannels, inputChannels),
      dy,
      range: RANGE_BYTES,
      overflow: new Uint32Array(1),
      dx: 4 * inputChannels * inputHeight * inputWidth,
    },
    dispatches: [
      ...packing().pack("pack", "backward_input", shape, { weights: "weights", packed: "packed" }),
      ...half.backwardInput("overflowing", pass, {
        weights: "packed",
        input: "dy",
        output: "dx",
        workspace: { range: "range", overflow: "overflow" },
      }),
    ],
    check(read) {
      expectExact("overflow", read.u32("overflow"), [1]);
      const dx = read.f32("dx");
      for (let i = 0; i < dx.length; i++) {
        const column = i % inputWidth;
        const row = Math.floor(i / inputWidth) % inputHeight;
        if (row < 3 && column < 3 && Number.isFinite(dx[i])) throw new Error(`dx[${i}] is ${dx[i]}`);
      }
    },
  };
}

/** A device without the feature, from any adapter, says which one its kernel lacks. */
const withoutFeature: GpuCase = {
  name: "half precision on a device without it: the error names the feature",
  async run(_device, _assets, webgpu) {
    const gpu = await requestGpu(webgpu, { withoutFeatures: ["shader-f16"] });
    const [range, conv] = half.backwardInput(
      "lacking",
      correlation(SHAPES[0] as ConvShape, "backward_input"),
      {
        weights: "packed",
        input: "dy",
        output: "dx",
        workspace: { range: "range", overflow: "overflow" },
      },
    );
    if (!range || !conv) throw new Error("the pass takes a range and a convolution");
    await gpu.kernel(range.kernel, range.overrides);
    const failure = await gpu.kernel(conv.kernel, conv.overrides).then(
      () => undefined,
      (error: unknown) => error,
    );
    gpu.dispose();
    if (failure instanceof ShaderError && failure.message.includes("shader-f16")) return;
    throw new Error(`expected a ShaderError that names shader-f16, got ${failure}`);
  },
};

export const cases: readonly GpuCase[] = [
  withoutFeature,
  kernelCase(
    ["conv3x3_range_half", "conv3x3_pack_forward_half", "conv3x3_pack_backward_input_half"],
    "ranges, and weights scaled to them",
    SHAPES.flatMap((shape) => [1, 2 ** -30, 2 ** 40].map((scale) => ({ ...shape, scale }))),
    packed,
    half.features,
  ),
  kernelCase(
    ["conv3x3_backward_input_half"],
    "powers of two in weights and gradient change nothing else",
    SHAPES.flatMap((shape) => [
      { shape, weights: 0, gradient: -80 },
      { shape, weights: 0, gradient: 60 },
      { shape, weights: -20, gradient: -40 },
      { shape, weights: 20, gradient: 60 },
      { shape, weights: -100, gradient: 127 },
      { shape, weights: 100, gradient: -110 },
    ]),
    scaled,
    half.features,
  ),
  kernelCase(
    ["conv3x3_backward_input_half"],
    "an overflow of float32 shows in the result and is flagged",
    [
      { value: Number.POSITIVE_INFINITY, weights: 0 },
      { value: Number.NaN, weights: 0 },
      { value: 3e38, weights: 20 },
    ],
    overflowing,
    half.features,
  ),
];
