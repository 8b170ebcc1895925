/** Twins of parameterizations and transforms against PyTorch float64 and NumPy (test/fixtures/images.py). */
import { describe, expect, it } from "vitest";
import { colourMatrix } from "../../src/optvis/params/colour.ts";
import { spectrumScale } from "../../src/optvis/params/fourier.ts";
import { realTransform } from "../../src/optvis/params/spectrum.ts";
import images from "../fixtures/images.json" with { type: "json" };
import { compositeBackward, compositeForward, opacityBackward, opacityForward } from "./alpha.ts";
import { colourBackward, colourForward } from "./colour.ts";
import { type CppnShape, cppnBackwardInput, cppnBackwardWeights, cppnForward } from "./cppn.ts";
import { columnsBackward, columnsForward, rowsBackward, rowsForward } from "./fourier.ts";
import { phaseBackward, phaseForward } from "./phase.ts";
import { pyramidBackward, pyramidForward } from "./pyramid.ts";
import { resampleBackward, resampleForward } from "./resample.ts";
import { type Shape4, tensor } from "./tensor.ts";
import { windowBackward, windowForward } from "./window.ts";

const ZERO = [0, 0, 0];

/** Some hundred roundings of 2⁻⁵³ of values below 100. */
const TOLERANCE = 2e-12;

function expectClose(got: ArrayLike<number>, expected: readonly number[]): void {
  expect(got.length).toBe(expected.length);
  for (const [i, value] of expected.entries()) {
    expect(Math.abs(got[i]! - value), `[${i}] ${got[i]} ${value}`).toBeLessThan(
      TOLERANCE * Math.max(1, Math.abs(value)),
    );
  }
}

/** RGB of decorrelated colours, and the gradient back, by the twins. */
function toRgb(colours: Float64Array, size: readonly number[], gradient: readonly number[]) {
  const shape: Shape4 = [colours.length / 3 / size[0]! / size[1]!, 3, size[0]!, size[1]!];
  const rgb = colourForward(tensor(shape, colours), colourMatrix, ZERO);
  return { rgb, gradient: colourBackward(tensor(shape, gradient), rgb, colourMatrix, ZERO).data };
}

/** (N,4,H,W) as (N,3,H,W) and (N,1,H,W). */
function splitPlanes(values: readonly number[], area: number): [Float64Array, Float64Array] {
  const isFourth = (i: number): boolean => Math.floor(i / area) % 4 === 3;
  const [colours, fourth] = [false, true].map((wanted) => values.filter((_, i) => isFourth(i) === wanted));
  return [Float64Array.from(colours!), Float64Array.from(fourth!)];
}

describe("twins equal PyTorch float64", () => {
  it.each(images.fourier)("fourier $size", (fixture) => {
    const [height, width] = fixture.size as [number, number];
    const scale = spectrumScale([height, width]);
    expectClose(scale, fixture.scale);
    expectClose(realTransform(fixture.picture, [height, width]), fixture.transform);
    const shape = { planes: 6, height, width };
    const colours = rowsForward(columnsForward(Float64Array.from(fixture.input), scale, shape), shape);
    const { rgb, gradient } = toRgb(colours, fixture.size, fixture.outputGradient);
    expectClose(rgb.data, fixture.output);
    expectClose(columnsBackward(rowsBackward(gradient, shape), scale, shape), fixture.inputGradient);
  });

  it.each(images.pyramid)("pyramid $size", (fixture) => {
    const [height, width] = fixture.size as [number, number];
    const shape = { batch: 2, planes: 3, height, width, levels: 4 };
    const colours = pyramidForward(Float64Array.from(fixture.input), shape);
    const { rgb, gradient } = toRgb(colours, fixture.size, fixture.outputGradient);
    expectClose(rgb.data, fixture.output);
    expectClose(pyramidBackward(gradient, shape), fixture.inputGradient);
  });

  it.each(images.phase)("phase $size", (fixture) => {
    const [height, width] = fixture.size as [number, number];
    const shape = { planes: 6, height, width };
    const [phase, magnitude] = [Float64Array.from(fixture.input), Float64Array.from(fixture.magnitude)];
    const spectrum = phaseForward(phase);
    expectClose(rowsForward(columnsForward(spectrum, magnitude, shape), shape), fixture.output);
    const dz = rowsBackward(Float64Array.from(fixture.outputGradient), shape);
    expectClose(phaseBackward(columnsBackward(dz, magnitude, shape), phase), fixture.inputGradient);
  });

  it.each(images.cppn)("cppn layer of $inputs inputs", (fixture) => {
    const shape = fixture as Omit<typeof fixture, "composite"> & CppnShape;
    const [weights, input] = [Float64Array.from(fixture.weights), Float64Array.from(fixture.input)];
    const dy = Float64Array.from(fixture.outputGradient);
    expectClose(cppnForward(weights, input, shape), fixture.output);
    expectClose(cppnBackwardWeights(input, dy, shape), fixture.weightsGradient);
    expectClose(cppnBackwardInput(weights, input, dy, shape), fixture.inputGradient);
  });

  it.each(images.resample)("resample $angle $scale", (fixture) => {
    const shape = fixture.inputShape as unknown as Shape4;
    expectClose(resampleForward(tensor(shape, fixture.input), fixture, ZERO).data, fixture.output);
    expectClose(resampleBackward(tensor(shape, fixture.outputGradient), fixture).data, fixture.inputGradient);
  });

  it.each(images.window)("window $corner", (fixture) => {
    const corner = fixture.corner as [number, number];
    const [shape, outputShape] = [fixture.inputShape, fixture.outputShape] as unknown as [Shape4, Shape4];
    const fill = [fixture.fill, fixture.fill, fixture.fill];
    const y = windowForward(tensor(shape, fixture.input), corner, [outputShape[2], outputShape[3]], fill);
    expectClose(y.data, fixture.output);
    const dx = windowBackward(tensor(outputShape, fixture.outputGradient), corner, [shape[2], shape[3]]);
    expectClose(dx.data, fixture.inputGradient);
  });

  it.each(images.composite)("composite $inputShape", ({ slope, ...fixture }) => {
    const [batch, , height, width] = fixture.inputShape as unknown as Shape4;
    const shape: Shape4 = [batch, 3, height, width];
    const [colours, t] = splitPlanes(fixture.input, height * width);
    const a = opacityForward(t, slope);
    const { rgb } = toRgb(colours, [height, width], fixture.outputGradient);
    const behind = tensor(shape, fixture.background);
    expectClose(compositeForward(rgb, a, behind).data, fixture.output);
    const { image, alpha } = compositeBackward(tensor(shape, fixture.outputGradient), rgb, a, behind);
    const [dColours, dt] = splitPlanes(fixture.inputGradient, height * width);
    expectClose(colourBackward(image, rgb, colourMatrix, ZERO).data, [...dColours]);
    expectClose(opacityBackward(alpha, a, slope), [...dt]);
  });
});
