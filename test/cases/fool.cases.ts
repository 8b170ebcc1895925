/** Fooling a network with a photograph, step by step as the float64 twin of the whole network does it. */
import { fool } from "../../src/commands/fool.ts";
import type { Model } from "../../src/model/network.ts";
import { openWeights } from "../fixtures/fixtures.ts";
import {
  layersTo,
  networkForward,
  objectiveGradient,
  type ReferenceWeights,
  referenceWeights,
} from "../reference/network.ts";
import { preprocessForward, subtractMean } from "../reference/preprocess.ts";
import { type Shape4, tensor } from "../reference/tensor.ts";
import type { Assets, GpuCase } from "../stacks/case.ts";
import { gpuOf } from "./gpu.ts";

const FILE = "tinyvgg.f32.safetensors";
const SIZE = [65, 67] as const;
const PHOTO = `../shared/data/photos/strawberry.jpg?${SIZE.join("x")}`;
const SHAPE: Shape4 = [1, 3, ...SIZE];
/** Length of a step, in RGB 0–1 units. */
const LR = 0.3;
const ITERATIONS = 40;
/**
 * Median of |error|: a tenth of a level of 255, where the photograph moves by several. Flat parts are near ties, which
 * rounding may break, and what a step does to the score is in the next one's gradient.
 */
const TOLERANCE = 0.1 / 255;

/** Steps of one length up the gradient of the class's score until it is the highest, RGB kept in 0–1. */
function reference(model: Model, weights: ReferenceWeights, photo: Float32Array, target: number) {
  let image = Float64Array.from(photo);
  const terms = [{ kind: "neuron", weight: 1, layer: "logits", channel: target, position: [0, 0] }] as const;
  const scores = (): number[] => {
    const net = preprocessForward(subtractMean(tensor(SHAPE, image), model.preprocess), model.preprocess);
    const { outputs } = networkForward(layersTo(model.network), weights, net);
    return [...outputs.get("logits")!.data];
  };
  const best = (all: readonly number[]): number => all.indexOf(Math.max(...all));
  const before = best(scores());
  let [now, iterations] = [before, 0];
  while (now !== target && iterations < ITERATIONS) {
    now = best(scores());
    const u = subtractMean(tensor(SHAPE, image), model.preprocess);
    const { data } = objectiveGradient(model, weights, terms, u).gradient;
    const length = Math.hypot(...data);
    image = image.map((x, i) => Math.min(1, Math.max(0, x + (LR * data[i]!) / length)));
    iterations++;
  }
  return { before, iterations, image, scores: scores() };
}

async function follows(device: GPUDevice, assets: Assets, target: number): Promise<void> {
  const model = await openWeights(assets, FILE, "unit");
  const bytes = await assets.read(PHOTO);
  const data = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  const expected = reference(model, await referenceWeights(model), data, target);
  const options = {
    objective: `class:${target}`,
    image: { shape: SHAPE, data },
    lr: LR,
    iterations: ITERATIONS,
  };
  const { report, tensors } = await fool(gpuOf(device), model, options, { runtime: "browser", startedAt: 0 });
  const { before, after, iterations, objective } = report;
  if (before.index !== expected.before) throw new Error(`it was ${before.index}, not ${expected.before}`);
  if (before.index === target || expected.iterations < 2 || expected.iterations === ITERATIONS)
    throw new Error(`nothing is shown by ${expected.iterations} steps from class ${before.index}`);
  if (iterations !== expected.iterations)
    throw new Error(`${iterations} steps, expected ${expected.iterations}`);
  if (!report.fooled || after.index !== target) throw new Error(`it is still ${after.index}`);
  const score = expected.scores[target]!;
  // A flip at a tie moves the pixels around it by a few levels for the rest of the steps.
  if (!(Math.abs(objective - score) < 0.01 * Math.abs(score)))
    throw new Error(`score ${objective}, expected ${score}`);
  const image = tensors["image"]!.data;
  const errors = expected.image.map((x, i) => Math.abs(x - image[i]!)).sort();
  const median = errors[errors.length >> 1]!;
  const moved = expected.image.reduce((sum, x, i) => sum + Math.abs(x - data[i]!), 0) / data.length;
  if (!(moved > 10 * TOLERANCE)) throw new Error(`the photograph moves by ${moved} only`);
  if (!(median < TOLERANCE)) throw new Error(`the median error is ${median}`);
}

export const cases: readonly GpuCase[] = [2, 7].map((target) => ({
  name: `fool: a strawberry is taken for class ${target}`,
  needs: [`../shared/data/weights/${FILE}`, PHOTO],
  // The second one has many more steps, of the same kernels.
  once: target === 7,
  run: (device, assets) => follows(device, assets, target),
}));
