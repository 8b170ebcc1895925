/** Kernels of the Laplacian pyramid, of MACO's phase and of a CPPN's layers. */
import { cppn_backward_input, cppn_backward_weights, cppn_forward } from "../../../shaders/cppn.wgsl";
import { phase_backward, phase_forward } from "../../../shaders/phase.wgsl";
import { pyramid_backward, pyramid_forward } from "../../../shaders/pyramid.wgsl";
import { dispatch, fold } from "../../../src/gpu/dispatch.ts";
import type { CppnShape } from "../../reference/cppn.ts";
import { type PyramidShape, pyramidLength } from "../../reference/pyramid.ts";
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

const PYRAMIDS: readonly PyramidShape[] = [
  { batch: 1, planes: 3, height: 1, width: 1, levels: 4 },
  { batch: 2, planes: 3, height: 7, width: 9, levels: 4 },
  { batch: 1, planes: 3, height: 16, width: 33, levels: 4 },
  { batch: 2, planes: 1, height: 16, width: 33, levels: 4 },
  { batch: 2, planes: 3, height: 3, width: 20, levels: 3 },
  { batch: 3, planes: 1, height: 5, width: 4, levels: 1 },
];

function pyramid(shape: PyramidShape): Proof {
  const { batch, planes, height, width } = shape;
  const [count, total] = [batch * planes * height * width, batch * pyramidLength(shape)];
  const [values, dx] = [noise(1, total), noise(2, count)];
  const uniform = { ...shape, length: pyramidLength(shape) };
  return {
    buffers: { values, x: 4 * count, dx, gradient: 4 * total },
    dispatches: [
      dispatch(pyramid_forward, {
        ...{ label: "forward", uniform, workgroups: fold(count) },
        buffers: { input: "values", output: "x" },
      }),
      dispatch(pyramid_backward, {
        ...{ label: "backward", uniform, workgroups: fold(total) },
        buffers: { input: "dx", output: "gradient" },
      }),
    ],
    check(read) {
      const [values64, dx64] = [Float64Array.from(values), Float64Array.from(dx)];
      const x = twin.pyramid_forward(values64, shape);
      const gradient = twin.pyramid_backward(dx64, shape);
      // A place among at most `longest` pixels rounds product, quotient and difference; a weight errs by as much.
      const shift = roundings(3 + DIVISION) * Math.max(height, width);
      const bound = shape.levels * (4 * shift + roundings(10));
      expectWithin(
        "x",
        read.f32("x"),
        x,
        x.map(() => 1),
        bound,
      );
      // A level's pixel gathers from at most (2·2^l + 1)² others, all of weight up to 1.
      const gathered = Math.min((2 * 2 ** (shape.levels - 1) + 3) ** 2, height * width);
      const magnitude = gradient.map(() => gathered);
      expectWithin("dv", read.f32("gradient"), gradient, magnitude, 2 * shift + roundings(gathered + 4));
      const adjoint = gathered * (4 * shift + roundings(gathered + 10));
      expectAdjoint("pyramid", dot(read.f32("x"), dx), dot(values, read.f32("gradient")), total, adjoint);
    },
  };
}

/** Angles near 0, at every quarter turn and far beyond one; WGSL's own sine need not be right there. */
const PHASES: readonly number[] = [1, 4, 30, 900];

function phases(range: number): Proof {
  const phase = noise(1, 200).map((value, i) => (i % 5 === 0 ? (Math.PI / 4) * (i / 5) : range * value));
  const ds = noise(2, 400);
  const options = { uniform: { length: 200 }, workgroups: fold(200) };
  return {
    buffers: { phase, spectrum: 1600, ds, gradient: 800 },
    dispatches: [
      dispatch(phase_forward, { label: "f", ...options, buffers: { phase: "phase", spectrum: "spectrum" } }),
      dispatch(phase_backward, {
        ...{ label: "b", ...options },
        buffers: { phase: "phase", spectrumGradient: "ds", phaseGradient: "gradient" },
      }),
    ],
    check(read) {
      const phase64 = Float64Array.from(phase);
      const spectrum = twin.phase_forward(phase64);
      const gradient = twin.phase_backward(Float64Array.from(ds), phase64);
      // A driver may add up the two parts of π/2 first (Mesa does), so the reduced angle errs by a rounding of π/2
      // for every quarter turn and by those of a product as large as the angle; then come a dozen operations.
      const largest = Math.max(range, 10 * Math.PI);
      const bound = roundings(16) + (1 + 2) * EPSILON * largest;
      expectWithin(
        "s",
        read.f32("spectrum"),
        spectrum,
        spectrum.map(() => 1),
        bound,
      );
      expectWithin(
        "dθ",
        read.f32("gradient"),
        gradient,
        gradient.map(() => 1),
        2 * bound + roundings(3),
      );
    },
  };
}

const LAYERS: readonly CppnShape[] = [
  { batch: 1, area: 1, inputs: 1, outputs: 1, composite: 0 },
  { batch: 2, area: 65, inputs: 2, outputs: 24, composite: 0 },
  { batch: 2, area: 63, inputs: 24, outputs: 24, composite: 1 },
  { batch: 1, area: 130, inputs: 24, outputs: 3, composite: 1 },
  { batch: 2, area: 130, inputs: 24, outputs: 1, composite: 1 },
  { batch: 3, area: 7, inputs: 32, outputs: 32, composite: 1 },
];

/** WGSL: atan errs by up to 4096 ULP, relative to its value. */
const ATAN = 4096;

function cppnLayer(shape: CppnShape): Proof {
  const { batch, area, inputs, outputs, composite } = shape;
  const count = (1 + composite) * inputs;
  const length = outputs * (count + 1);
  const weights = noise(1, batch * length);
  const input = noise(2, (composite ? batch : 1) * inputs * area).map((value) => 4 * value);
  const dz = noise(3, batch * outputs * area);
  const uniform = { ...shape, first: 0, length };
  const pixels = { uniform, workgroups: fold(batch * area) };
  const back = { label: "input", ...pixels };
  return {
    buffers: {
      ...{ weights, input, output: 4 * dz.length, dz },
      ...{ inputGradient: 4 * batch * inputs * area, weightsGradient: 4 * weights.length },
    },
    dispatches: [
      dispatch(cppn_forward, {
        ...{ label: "forward", ...pixels },
        buffers: { weights: "weights", input: "input", output: "output" },
      }),
      dispatch(cppn_backward_weights, {
        ...{ label: "weights", uniform, workgroups: [count + 1, batch, 1] },
        buffers: { input: "input", outputGradient: "dz", weightsGradient: "weightsGradient" },
      }),
      ...(composite === 0
        ? []
        : [
            dispatch(cppn_backward_input, {
              ...back,
              buffers: {
                ...{ weights: "weights", input: "input" },
                ...{ outputGradient: "dz", inputGradient: "inputGradient" },
              },
            }),
          ]),
    ],
    check(read) {
      const [w, z, d] = [weights, input, dz].map((values) => Float64Array.from(values));
      // |a_f| ≤ max(4, (π/2)²/0.6) = 4.2, |a_f′| ≤ 2, both twice as far off as atan where they are its square.
      const off = roundings(8 + 2 * DIVISION) + (composite ? 2 * 2 * ATAN * EPSILON : 0);
      const sum = (terms: number) => 4.2 * terms * (off + roundings(terms + 2));
      const output = twin.cppn_forward(w!, z!, shape);
      expectWithin(
        "z′",
        read.f32("output"),
        output,
        output.map(() => 1),
        sum(count + 1),
      );
      const weightsGradient = twin.cppn_backward_weights(z!, d!, shape);
      const ones = weightsGradient.map(() => 1);
      expectWithin("dW", read.f32("weightsGradient"), weightsGradient, ones, sum(area));
      if (composite === 0) return;
      const inputGradient = twin.cppn_backward_input(w!, z!, d!, shape);
      const one = inputGradient.map(() => 1);
      expectWithin("dz", read.f32("inputGradient"), inputGradient, one, sum(2 * outputs));
    },
  };
}

export const cases: readonly GpuCase[] = [
  kernelCase(["pyramid_forward", "pyramid_backward"], "levels added up, and the adjoint", PYRAMIDS, pyramid),
  kernelCase(["phase_forward", "phase_backward"], "unit numbers of any angle", PHASES, phases),
  kernelCase(
    ["cppn_forward", "cppn_backward_input", "cppn_backward_weights"],
    "one layer, first and hidden",
    LAYERS,
    cppnLayer,
  ),
];
