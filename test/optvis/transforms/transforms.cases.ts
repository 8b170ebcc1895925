/** Transforms that change what is where: against their twins, and each the adjoint of the other. */

import { Allocation } from "../../../src/engine/plan/memory.ts";
import { planTransforms } from "../../../src/engine/plan/transform-chain.ts";
import type { Transform } from "../../../src/optvis/transforms/transform.ts";
import { parseTransforms, STANDARD } from "../../../src/optvis/transforms/transforms.ts";
import { crop } from "../../../src/optvis/transforms/window.ts";
import { randomMotion } from "../../reference/resample.ts";
import { type Shape4, sizeOf, type Tensor, tensor } from "../../reference/tensor.ts";
import * as twin from "../../reference/twins.ts";
import { windowCorner } from "../../reference/window.ts";
import { randomBox } from "../../reference/zoom.ts";
import type { GpuCase } from "../../stacks/case.ts";
import {
  DIVISION,
  dot,
  EPSILON,
  expectAdjoint,
  expectExact,
  expectWithin,
  noise,
  roundings,
} from "../../support/compare.ts";
import { kernelCase, type Proof } from "../../support/execute.ts";
import { plannedBuffers } from "../../support/planned.ts";

interface Moved {
  readonly text: string;
  readonly shape: Shape4;
  readonly seed: number;
  readonly step: number;
  readonly strength: number;
}

const FILL = [0.015, 0.044, 0.094].map(Math.fround);

function stateAt(step: number): Uint32Array {
  return Uint32Array.of(step, 0, 0, 0);
}

/** Both passes of one transform on noise; `x` and `dy` are what goes in, `y` and `dx` what comes out. */
function passes(transform: Transform, { shape, seed, step, strength }: Moved, op: number) {
  const [batch, colours, height, width] = shape;
  const size = [height, width] as const;
  const outputShape: Shape4 = [batch, colours, ...transform.outputSize(size)];
  const [x, dy] = [
    tensor(shape, noise(1, sizeOf(shape))),
    tensor(outputShape, noise(2, sizeOf(outputShape))),
  ];
  const place = { batch, size, seed, op, strength, fill: FILL.slice(0, colours) };
  return {
    x,
    dy,
    buffers: {
      ...{ state: stateAt(step), x: Float32Array.from(x.data), y: 4 * sizeOf(outputShape) },
      ...{ dy: Float32Array.from(dy.data), dx: 4 * sizeOf(shape) },
    },
    dispatches: [
      transform.forward(place, { state: "state", input: "x", output: "y" }),
      transform.backward(place, { state: "state", input: "dy", output: "dx" }),
    ],
  };
}

/** Image n of a batch by itself. */
function imageOf({ shape, data }: Tensor, n: number): Tensor {
  const size = data.length / shape[0];
  return tensor([1, shape[1], shape[2], shape[3]], data.slice(n * size, (n + 1) * size));
}

function perImage(x: Tensor, apply: (image: Tensor, n: number) => Tensor): Float64Array {
  const images = Array.from({ length: x.shape[0] }, (_, n) => apply(imageOf(x, n), n).data);
  return Float64Array.from(images.flatMap((data) => [...data]));
}

const WINDOWS: readonly Moved[] = [
  { text: "pad:1", shape: [1, 3, 1, 1], seed: 0, step: 0, strength: 1 },
  { text: "pad:12", shape: [2, 3, 5, 9], seed: 3, step: 2, strength: 1 },
  { text: "crop:0", shape: [2, 3, 4, 6], seed: 1, step: 1, strength: 1 },
  { text: "crop:3", shape: [9, 3, 4, 7], seed: 5, step: 9, strength: 1 },
  { text: "crop:8", shape: [5, 3, 17, 9], seed: 0xffff_ffff, step: 0xffff_fffe, strength: 1 },
  { text: "crop:7", shape: [5, 3, 9, 12], seed: 2, step: 4, strength: 0.5 },
  { text: "crop:7", shape: [2, 3, 9, 12], seed: 2, step: 4, strength: 0 },
  { text: "pad:5", shape: [2, 1, 5, 9], seed: 3, step: 2, strength: 1 },
  { text: "crop:3", shape: [9, 1, 4, 7], seed: 5, step: 9, strength: 1 },
];

function windowed(moved: Moved): Proof {
  const [transform] = parseTransforms(moved.text);
  const { x, dy, buffers, dispatches } = passes(transform!, moved, 7);
  const amount = Number(moved.text.split(":")[1]);
  const isPad = moved.text.startsWith("pad");
  const slack = isPad ? 0 : amount;
  const draw = { slack, spread: Math.round(moved.strength * slack), border: isPad ? amount : 0 };
  const corner = (n: number) => windowCorner([moved.seed + n, moved.step, 7, 0], draw);
  const outputSize = dy.shape.slice(2) as [number, number];
  const inputSize = x.shape.slice(2) as [number, number];
  return {
    buffers,
    dispatches,
    check(read) {
      const y = perImage(x, (image, n) => twin.window_forward(image, corner(n), outputSize, FILL));
      const dx = perImage(dy, (image, n) => twin.window_backward(image, corner(n), inputSize));
      expectExact("y", read.f32("y"), y);
      expectExact("dx", read.f32("dx"), dx);
      // ⟨Ax,y⟩ = ⟨x,Aᵀy⟩ of the linear part; nothing is added up, so what the fill adds can be taken away.
      const filled = perImage(tensor(x.shape, new Float64Array(x.data.length)), (image, n) =>
        twin.window_forward(image, corner(n), outputSize, FILL),
      );
      const linear = Float64Array.from(read.f32("y"), (value, i) => value - filled[i]!);
      expectAdjoint("window", dot(linear, dy.data), dot(x.data, read.f32("dx")), dy.data.length, EPSILON);
    },
  };
}

interface Zoomed extends Moved {
  readonly iterations: number;
}

/** The first box, the last, beyond it, one as large as the image, single pixels. */
const ZOOMS: readonly Zoomed[] = [
  { text: "zoom:0.05", shape: [3, 3, 9, 13], seed: 1, step: 0, strength: 1, iterations: 10 },
  { text: "zoom:0.05", shape: [3, 3, 24, 17], seed: 2, step: 9, strength: 1, iterations: 10 },
  { text: "zoom:0.25", shape: [2, 3, 8, 8], seed: 3, step: 99, strength: 1, iterations: 10 },
  { text: "zoom:0.25", shape: [2, 3, 8, 5], seed: 3, step: 3, strength: 0, iterations: 10 },
  { text: "zoom:0.1", shape: [2, 3, 1, 1], seed: 3, step: 3, strength: 0.5, iterations: 1 },
  { text: "zoom:0.05", shape: [3, 1, 24, 17], seed: 2, step: 9, strength: 1, iterations: 10 },
];

function zoomed(moved: Zoomed): Proof {
  const [transform] = parseTransforms(moved.text, moved.iterations);
  const { x, dy, buffers, dispatches } = passes(transform!, moved, 5);
  const [, , height, width] = x.shape;
  const settings = { ...moved, last: Number(moved.text.split(":")[1]) };
  const box = (n: number) => randomBox([moved.seed + n, moved.step, 5, 0], [height, width], settings);
  return {
    buffers,
    dispatches,
    check(read) {
      const y = perImage(x, (image, n) => twin.zoom_forward(image, box(n)));
      const dx = perImage(dy, (image, n) => twin.zoom_backward(image, box(n)));
      // A place errs by a dozen operations on numbers up to the side, which moves weights of values up to 1.
      const shift = roundings(12 + DIVISION) * 2 * (height + width);
      const ones = (values: Float64Array) => values.map(() => 1);
      expectWithin("y", read.f32("y"), y, ones(y), 2 * shift + roundings(9));
      const gathered = perImage(tensor(dy.shape, ones(dy.data)), (image, n) =>
        twin.zoom_backward(image, box(n)),
      );
      // Taps that rounding brings into reach count for less than the shift each.
      const bound = gathered.map((weight) => weight + 1);
      expectWithin("dx", read.f32("dx"), dx, bound, 2 * height * width * shift + roundings(height * width));
      const magnitude = dy.data.length;
      const both = [dot(read.f32("y"), dy.data), dot(x.data, read.f32("dx"))] as const;
      expectAdjoint("zoom", ...both, magnitude, roundings(9 + height * width));
    },
  };
}

const GRAINS: readonly Moved[] = [
  { text: "noise:0.08", shape: [2, 3, 5, 9], seed: 1, step: 0, strength: 1 },
  { text: "noise:2", shape: [1, 3, 8, 8], seed: 7, step: 3, strength: 0.5 },
  { text: "noise:0.08", shape: [1, 3, 1, 1], seed: 7, step: 3, strength: 0 },
  { text: "noise:0.08", shape: [2, 1, 5, 9], seed: 1, step: 0, strength: 1 },
];

function grained(moved: Moved): Proof {
  const [transform] = parseTransforms(moved.text);
  const { x, dy, buffers, dispatches } = passes(transform!, moved, 5);
  const sigma = moved.strength * Number(moved.text.split(":")[1]);
  return {
    buffers,
    dispatches,
    check(read) {
      const y = twin.grain_forward(x.data, x.data.length / moved.shape[0], sigma, [
        moved.seed,
        moved.step,
        5,
      ]);
      // The eight numbers reach 4 at most on either side.
      const bound = x.data.map((value) => Math.abs(value) + 5 * sigma);
      expectWithin("y", read.f32("y"), y, bound, roundings(6));
      expectExact("dx", read.f32("dx"), twin.grain_backward(dy.data));
    },
  };
}

const MOTIONS: readonly Moved[] = [
  { text: "scale:0.1", shape: [1, 3, 1, 1], seed: 0, step: 0, strength: 1 },
  { text: "scale:0.1", shape: [7, 3, 16, 9], seed: 1, step: 3, strength: 1 },
  { text: "scale:0.9", shape: [9, 3, 6, 11], seed: 4, step: 7, strength: 1 },
  { text: "rotate:10", shape: [7, 3, 9, 16], seed: 2, step: 1, strength: 1 },
  { text: "rotate:180", shape: [9, 3, 8, 5], seed: 9, step: 2, strength: 1 },
  { text: "rotate:180", shape: [3, 3, 8, 5], seed: 9, step: 2, strength: 0.25 },
  { text: "scale:0.5", shape: [2, 3, 7, 7], seed: 9, step: 2, strength: 0 },
  { text: "rotate:45", shape: [2, 3, 1, 12], seed: 0xffff_ffff, step: 0xffff_fffe, strength: 1 },
  { text: "scale:0.9", shape: [9, 1, 6, 11], seed: 4, step: 7, strength: 1 },
  { text: "rotate:180", shape: [9, 1, 8, 5], seed: 9, step: 2, strength: 1 },
];

/** Number of output pixels that a pixel's gradient may come from, per unit of scale squared: (2·√2 + 1)². */
const GATHERED = 16;

function resampled(moved: Moved): Proof {
  const [transform] = parseTransforms(moved.text);
  const { x, dy, buffers, dispatches } = passes(transform!, moved, 3);
  const [, , height, width] = x.shape;
  const amount = moved.strength * Number(moved.text.split(":")[1]);
  const draw = moved.text.startsWith("scale")
    ? { scales: 11, scaleRange: amount, angles: 1, angleRange: 0, level: 0 }
    : { scales: 1, scaleRange: 0, angles: 21, angleRange: (amount * Math.PI) / 180, level: 5 };
  const motion = (n: number) => randomMotion([moved.seed + n, moved.step, 3, 0], draw);
  // The source's place errs by that of angle (its own rounding, reduction and series), scale (subtracted from
  // 1, so that it may lose as much as it can shrink), quotient, products and sums, on lengths up to H + W over
  // the smallest scale; a bilinear value changes by at most 2·max|x| a pixel along each axis.
  const shift = roundings(4 + 4 + 10 + DIVISION + 6) * ((height + width) / (1 - draw.scaleRange) ** 2);
  return {
    buffers,
    dispatches,
    check(read) {
      const y = perImage(x, (image, n) => twin.resample_forward(image, motion(n), FILL));
      const dx = perImage(dy, (image, n) => twin.resample_backward(image, motion(n)));
      const one = y.map(() => 1);
      const bound = 2 * 2 * shift + roundings(9);
      expectWithin("y", read.f32("y"), y, one, bound);
      const gathered = GATHERED * (1 + draw.scaleRange) ** 2;
      expectWithin("dx", read.f32("dx"), dx, one, gathered * (2 * shift + roundings(gathered + 6)));
      const filled = perImage(tensor(x.shape, new Float64Array(x.data.length)), (image, n) =>
        twin.resample_forward(image, motion(n), FILL),
      );
      const linear = Float64Array.from(read.f32("y"), (value, i) => value - filled[i]!);
      const gradient = dot(x.data, read.f32("dx"));
      expectAdjoint("resample", dot(linear, dy.data), gradient, dy.data.length, gathered * bound);
    },
  };
}

/** Equal pixels, and grey around them, stay equal to the bit, so that rounding decides no max-pool's tie. */
function constant(moved: Moved): Proof {
  const [transform] = parseTransforms(moved.text);
  const [batch, colours, height, width] = moved.shape;
  const { seed, strength } = moved;
  const x = Float32Array.from(
    { length: sizeOf(moved.shape) },
    (_, i) => FILL[Math.floor(i / height / width) % colours]!,
  );
  const place = {
    batch,
    size: [height, width] as const,
    seed,
    op: 3,
    strength,
    fill: FILL.slice(0, colours),
  };
  return {
    buffers: { state: stateAt(moved.step), x, y: 4 * x.length },
    dispatches: [transform!.forward(place, { state: "state", input: "x", output: "y" })],
    check: (read) => expectExact("y", read.f32("y"), x),
  };
}

/** A whole chain as a plan has it: the way back is the adjoint of the way there, whatever the order. */
function chained(list: string): Proof {
  const memory = new Allocation();
  const size = [11, 9] as const;
  const ends = { batch: 2, size, seed: 5, strength: 1, mean: [0.5, 0.5, 0.5] };
  const buffers = { state: "state", image: "x", gradient: "dx" };
  const chain = planTransforms(parseTransforms(list), { ...ends, ...buffers }, memory);
  const count = 2 * 3 * chain.size[0] * chain.size[1];
  const [x, dy] = [noise(1, 2 * 3 * 11 * 9), noise(2, count)];
  const whole = { batch: 2, size: chain.size, seed: 0, op: 0, strength: 1, fill: [0, 0, 0] };
  return {
    buffers: {
      ...plannedBuffers(memory),
      ...{ state: stateAt(3), x, dx: 4 * x.length, y: 4 * count, dy },
    },
    dispatches: [
      ...chain.forward,
      crop(0).forward(whole, { state: "state", input: chain.output, output: "y" }),
      crop(0).forward(whole, { state: "state", input: "dy", output: chain.gradient }),
      ...chain.backward,
    ],
    check(read) {
      // With a mean of 0.5 the fill is 0 and the chain linear; every op averages, so no sum exceeds its terms.
      const [y, dx] = [read.f32("y"), read.f32("dx")];
      if (dx.every((value) => value === 0)) throw new Error("no gradient");
      const factor = roundings(400);
      expectAdjoint(list, dot(y, dy), dot(x, dx), dy.length, factor);
    },
  };
}

const CHAINS = [STANDARD, "rotate:30,pad:3,crop:2,jitter:4", "crop:4,scale:0.3", "scale:0.1"];

export const cases: readonly GpuCase[] = [
  kernelCase(["window_forward", "window_backward"], "each the transpose of the other", WINDOWS, windowed),
  kernelCase(
    ["resample_forward", "resample_backward"],
    "each the transpose of the other",
    MOTIONS,
    resampled,
  ),
  kernelCase(["resample_forward"], "what is constant stays so", MOTIONS, constant),
  kernelCase(["window_forward", "resample_backward"], "chains are adjoint", CHAINS, chained),
  kernelCase(
    ["zoom_forward", "zoom_backward"],
    "random boxes, each pass the transpose of the other",
    ZOOMS,
    zoomed,
  ),
  kernelCase(["grain_forward", "grain_backward"], "noise there, nothing back", GRAINS, grained),
];
