/** Each op's float64 twin against PyTorch float64 (test/fixtures/operations.py): forward and backward. */
import { describe, expect, it } from "vitest";
import type { Preprocess } from "../../src/model/network.ts";
import type { OptimizerKind } from "../../src/optvis/recipe.ts";
import type { PlainTerm } from "../../src/optvis/term.ts";
import operations from "../fixtures/operations.json" with { type: "json" };
import { avgPoolBackward, avgPoolForward } from "./avgpool.ts";
import { gaussianBlur } from "./blur.ts";
import { conv3x3BackwardInput, conv3x3Forward } from "./conv3x3.ts";
import { jitterBackward, jitterForward } from "./jitter.ts";
import { linearBackwardInput, linearForward } from "./linear.ts";
import { maxPoolBackward, maxPoolForward } from "./maxpool.ts";
import { termSeed, termValue } from "./objective.ts";
import { initialState, optimizerStep } from "./optimizer.ts";
import { preprocessBackward, preprocessForward, subtractMean } from "./preprocess.ts";
import { reluBackward, reluBackwardRedirect, reluForward } from "./relu.ts";
import { type Shape4, type Tensor, tensor, zeros } from "./tensor.ts";

interface OperationCase {
  readonly inputShape: readonly number[];
  readonly input: readonly number[];
  readonly outputShape: readonly number[];
  readonly output: readonly number[];
  readonly outputGradient: readonly number[];
  readonly inputGradient: readonly number[];
}

/** Sums here have at most 64 terms of size at most 1 (scale 255 in `caffe`): 64 · 2⁻⁵³ · 255 < 2e-12. */
const TOLERANCE = 2e-12;

function inputOf(fixture: OperationCase): Tensor {
  return tensor(fixture.inputShape as unknown as Shape4, fixture.input);
}

function outputGradientOf(fixture: OperationCase): Tensor {
  return tensor(fixture.outputShape as unknown as Shape4, fixture.outputGradient);
}

function expectClose(got: Tensor, shape: readonly number[], expected: readonly number[]): void {
  expect([...got.shape]).toEqual([...shape]);
  for (const [i, value] of expected.entries()) expect(Math.abs(got.data[i]! - value)).toBeLessThan(TOLERANCE);
}

function expectForwardAndBackward(fixture: OperationCase, output: Tensor, inputGradient: Tensor): void {
  expectClose(output, fixture.outputShape, fixture.output);
  expectClose(inputGradient, fixture.inputShape, fixture.inputGradient);
}

describe("float64 twins equal PyTorch float64", () => {
  it.each(operations.conv3x3)("conv3x3 $inputShape → $outputShape, padding $padding", (fixture) => {
    const [weight, bias] = [Float64Array.from(fixture.weight), Float64Array.from(fixture.bias)];
    const padding = fixture.padding as 0 | 1;
    const input = inputOf(fixture);
    const output = conv3x3Forward(input, weight, bias, padding);
    const inputGradient = conv3x3BackwardInput(outputGradientOf(fixture), weight, input.shape[1], padding);
    expectForwardAndBackward(fixture, output, inputGradient);
  });

  it.each(operations.relu)("relu $inputShape", (fixture) => {
    const input = inputOf(fixture);
    expectForwardAndBackward(fixture, reluForward(input), reluBackward(outputGradientOf(fixture), input));
  });

  it.each(operations.maxpool)("maxpool $inputShape → $outputShape", (fixture) => {
    const input = inputOf(fixture);
    const { output, winners } = maxPoolForward(input);
    const inputGradient = maxPoolBackward(outputGradientOf(fixture), winners, input.shape);
    expectForwardAndBackward(fixture, output, inputGradient);
  });

  it("the max-pool cases hold ties, lost and won at every place", () => {
    const winners = operations.maxpool.flatMap((fixture) => [...maxPoolForward(inputOf(fixture)).winners]);
    expect(new Set(winners)).toEqual(new Set([0, 1, 2, 3]));
  });

  it.each(operations.avgpool)("avgpool $inputShape → $outputShape", (fixture) => {
    const input = inputOf(fixture);
    const output = avgPoolForward(input, fixture.outputSize);
    expectForwardAndBackward(fixture, output, avgPoolBackward(outputGradientOf(fixture), input.shape));
  });

  it.each(operations.linear)("linear $inputShape → $outputShape", (fixture) => {
    const input = inputOf(fixture);
    const output = linearForward(input, fixture.weight, fixture.bias);
    const inputGradient = linearBackwardInput(outputGradientOf(fixture), fixture.weight, input.shape);
    expectForwardAndBackward(fixture, output, inputGradient);
  });

  it.each(operations.preprocess)("preprocess $kind", (fixture) => {
    const kind = fixture.kind as Preprocess;
    const output = preprocessForward(subtractMean(inputOf(fixture), kind), kind);
    expectForwardAndBackward(fixture, output, preprocessBackward(outputGradientOf(fixture), kind));
  });

  it.each(operations.jitter)("jitter by $shift", (fixture) => {
    const [dy, dx] = fixture.shift as [number, number];
    const output = jitterForward(inputOf(fixture), dy, dx);
    expectForwardAndBackward(fixture, output, jitterBackward(outputGradientOf(fixture), dy, dx));
  });

  it.each(operations.redirect)("redirected relu $inputShape", (fixture) => {
    const shape = fixture.inputShape as unknown as Shape4;
    const x = tensor(shape, fixture.input);
    const dy = tensor(shape, fixture.outputGradient);
    expectClose(reluBackwardRedirect(dy, x), shape, fixture.inputGradient);
    const [perImage, redirected] = [18, reluBackwardRedirect(dy, x).data];
    const plain = reluBackward(dy, x).data;
    const changed = [0, 1, 2, 3].map((n) =>
      redirected
        .subarray(n * perImage, (n + 1) * perImage)
        .some((value, i) => value !== plain[n * perImage + i]),
    );
    expect(changed).toEqual([false, true, true, false]);
  });

  it.each(operations.optimizer)("optimizer $kind", ({ kind, lr, shape, gradients, images }) => {
    const image = zeros(shape as unknown as Shape4);
    const state = initialState(image);
    for (const [t, gradient] of gradients.entries()) {
      optimizerStep(kind as OptimizerKind, image, tensor(image.shape, gradient), state, lr, t);
      expectClose(image, shape, images[t]!);
    }
    expect(image.data.subarray(12).every((value) => value === 0)).toBe(true);
  });

  it.each(operations.blur)("blur $inputShape, sigma $sigma", ({ inputShape, input, sigma, output }) => {
    expectClose(gaussianBlur(tensor(inputShape as unknown as Shape4, input), sigma), inputShape, output);
  });

  it.each(operations.objective)("objective $term.kind", ({ term, shape, activation, value, seed }) => {
    const { position, channel, ...rest } = term;
    const parsed = {
      ...rest,
      ...(channel === null ? {} : { channel }),
      ...(position === null ? {} : { position }),
    } as unknown as PlainTerm;
    const a = tensor(shape as unknown as Shape4, activation);
    const values = termValue(parsed, a).map((unweighted) => term.weight * unweighted);
    expectClose({ shape: [2, 1, 1, 1], data: values }, [2, 1, 1, 1], value);
    expectClose(termSeed(parsed, a), shape, seed);
  });
});
