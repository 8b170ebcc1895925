import { Allocation } from "../../../src/engine/plan/memory.ts";
import { colourBackward, colourForward, colourMatrix } from "../../../src/optvis/params/colour.ts";
import { inverseTransform } from "../../../src/optvis/params/fourier.ts";
import { bins } from "../../../src/optvis/params/spectrum.ts";
import type { SpectrumShape } from "../../reference/fourier.ts";
import { type Shape4, sizeOf, type Tensor, tensor } from "../../reference/tensor.ts";
import * as twin from "../../reference/twins.ts";
import type { GpuCase } from "../../stacks/case.ts";
import {
  DIVISION,
  dot,
  EPSILON,
  expectAdjoint,
  expectWithin,
  noise,
  roundings,
} from "../../support/compare.ts";
import { kernelCase, type Proof } from "../../support/execute.ts";
import { plannedBuffers } from "../../support/planned.ts";

interface Transformed {
  readonly batch: number;
  readonly size: readonly [height: number, width: number];
  readonly scalePlanes: 1 | 3;
}

/** Odd and even sides, sides of one, primes, and a side of more than a workgroup. */
const TRANSFORMED: readonly Transformed[] = [
  { batch: 1, size: [1, 1], scalePlanes: 1 },
  { batch: 2, size: [1, 6], scalePlanes: 3 },
  { batch: 1, size: [5, 1], scalePlanes: 1 },
  { batch: 2, size: [7, 9], scalePlanes: 3 },
  { batch: 1, size: [8, 6], scalePlanes: 1 },
  { batch: 1, size: [9, 67], scalePlanes: 3 },
  { batch: 3, size: [66, 5], scalePlanes: 1 },
];

function transformed({ batch, size, scalePlanes }: Transformed): Proof {
  const [height, width] = size;
  const shape: SpectrumShape = { planes: 3 * batch, height, width };
  const complex = shape.planes * height * bins(size);
  const scale = noise(1, scalePlanes * height * bins(size)).map((value) => 1.5 + value);
  const spectrum = noise(2, 2 * complex);
  const dx = noise(3, shape.planes * height * width);
  const memory = new Allocation();
  const passes = inverseTransform({ planes: 3 * batch, size }, { scale: "scale", scalePlanes }, memory);
  const forward = passes.forward("spectrum", "x");
  const backward = passes.backward("dx", "ds");
  const planned = plannedBuffers(memory);
  return {
    buffers: {
      ...{ ...planned, scale, spectrum, dx, x: 4 * dx.length, ds: 8 * complex },
      ...{ "spectrum.half": 8 * complex },
    },
    dispatches: [...forward, ...backward],
    check(read) {
      const [s64, scale64, dx64] = [spectrum, scale, dx].map((values) => Float64Array.from(values));
      const x = twin.fourier_rows_forward(twin.fourier_columns_forward(s64!, scale64!, shape), shape);
      const dz = twin.fourier_rows_backward(dx64!, shape);
      const ds = twin.fourier_columns_backward(dz, scale64!, shape);
      // Every number is a mean of H·⌊W/2⌋+… products of factors up to 1: |s|·2.5·√2, twice a bin, or |dx|·2.5.
      const depth = height + bins(size) + 2 * width + 2 * DIVISION + 12;
      const [bound, gradientBound] = [roundings(depth) * 2.5 * 2 * 2, roundings(depth) * 2.5 * 2];
      expectWithin(
        "x",
        read.f32("x"),
        x,
        x.map(() => 1),
        bound,
      );
      expectWithin(
        "ds",
        read.f32("ds"),
        ds,
        ds.map(() => 1),
        gradientBound,
      );
      const magnitude = dx.length + spectrum.length;
      expectAdjoint("transform", dot(read.f32("x"), dx), dot(spectrum, read.f32("ds")), magnitude, bound);
    },
  };
}

/** The passes one by one, which the whole transform hides: what is between them. */
function halfway({ batch, size, scalePlanes }: Transformed): Proof {
  const [height, width] = size;
  const shape: SpectrumShape = { planes: 3 * batch, height, width };
  const complex = shape.planes * height * bins(size);
  const scale = noise(1, scalePlanes * height * bins(size)).map((value) => 1.5 + value);
  const spectrum = noise(2, 2 * complex);
  const memory = new Allocation();
  const [columns] = inverseTransform(
    { planes: 3 * batch, size },
    { scale: "scale", scalePlanes },
    memory,
  ).forward("s", "x");
  const [rows] = inverseTransform(
    { planes: 3 * batch, size },
    { scale: "scale", scalePlanes },
    memory,
  ).backward("dx", "ds");
  const planned = plannedBuffers(memory);
  const dx = noise(3, shape.planes * height * width);
  const buffers = { ...planned, scale, s: spectrum, dx, "spectrum.half": 8 * complex, kept: 8 * complex };
  const keep = { ...rows!, buffers: { ...rows!.buffers, output: "kept" } };
  return {
    buffers,
    dispatches: [columns!, keep],
    check(read) {
      const z = twin.fourier_columns_forward(Float64Array.from(spectrum), Float64Array.from(scale), shape);
      const dz = twin.fourier_rows_backward(Float64Array.from(dx), shape);
      const bound = roundings(height + 2 * width + DIVISION + 12) * 2.5 * 2;
      expectWithin(
        "z",
        read.f32("spectrum.half"),
        z,
        z.map(() => 1),
        bound,
      );
      expectWithin(
        "dz",
        read.f32("kept"),
        dz,
        dz.map(() => 1),
        bound,
      );
    },
  };
}

interface Coloured {
  readonly shape: Shape4;
  /** Of the decorrelated colours; beyond 80 the sigmoid is 0 or 1 to the bit. */
  readonly range: number;
}

const COLOURED: readonly Coloured[] = [
  { shape: [1, 3, 1, 1], range: 1 },
  { shape: [2, 3, 5, 13], range: 4 },
  { shape: [3, 3, 7, 9], range: 400 },
  { shape: [2, 1, 5, 13], range: 4 },
];

const MEAN = [0.485, 0.456, 0.406].map(Math.fround);

function coloured({ shape, range }: Coloured): Proof {
  const [batch, colours, height, width] = shape;
  const mean = MEAN.slice(0, colours);
  // Of grey nothing is mixed: the sigmoid alone.
  const matrix = colours === 1 ? [[1]] : colourMatrix;
  const images = { batch, size: [height, width] as const, mean };
  const x = tensor(
    shape,
    noise(1, sizeOf(shape)).map((value) => range * value),
  );
  const du = tensor(shape, noise(2, sizeOf(shape)));
  return {
    buffers: {
      ...{ x: Float32Array.from(x.data), u: 4 * sizeOf(shape) },
      ...{ du: Float32Array.from(du.data), dx: 4 * sizeOf(shape) },
    },
    dispatches: [
      colourForward(images, { input: "x", output: "u" }),
      colourBackward(images, { input: "du", output: "dx", image: "u" }),
    ],
    check(read) {
      const u = twin.colour_forward(x, matrix, mean);
      // The argument t errs by its products and sums, on up to 3·range, and moves σ by at most a quarter of that;
      // WGSL: exp(t) errs by 3 + 2|t| ULP, which 1/(1+e^t) damps by σ(1−σ) ≤ 1/(4+|t|²/2), so 3 ULP of 1 at most.
      const bound = roundings(8) * 3 * Math.min(range, 12) + roundings(3 + DIVISION + 3);
      expectWithin(
        "u",
        read.f32("u"),
        u.data,
        u.data.map(() => 1),
        bound,
      );
      // By the image as it is on the GPU: the backward pass starts from it.
      const image: Tensor = tensor(shape, read.f32("u"));
      const dx = twin.colour_backward(du, image, matrix, mean);
      expectWithin(
        "dx",
        read.f32("dx"),
        dx.data,
        dx.data.map(() => 1),
        3 * roundings(8) + 2 * EPSILON,
      );
    },
  };
}

export const cases: readonly GpuCase[] = [
  kernelCase(
    ["fourier_columns_forward", "fourier_rows_forward", "fourier_rows_backward", "fourier_columns_backward"],
    "spectrum to image and its adjoint",
    TRANSFORMED,
    transformed,
  ),
  kernelCase(["fourier_columns_forward", "fourier_rows_backward"], "half way", TRANSFORMED, halfway),
  kernelCase(["colour_forward", "colour_backward"], "sigmoid of mixed colours", COLOURED, coloured),
];
