import { clip } from "../../src/optvis/regularizers.ts";
import { type Shape4, sizeOf, tensor } from "../reference/tensor.ts";
import * as twin from "../reference/twins.ts";
import type { GpuCase } from "../stacks/case.ts";
import { absolute, coarseNoise, expectExact, expectWithin, noise, roundings } from "../support/compare.ts";
import { kernelCase, type Proof } from "../support/execute.ts";

interface Clipped {
  readonly shape: Shape4;
  readonly percent: number;
  /** Of halves, so that many pixels tie. */
  readonly ties?: true;
}

/** One pixel; around a workgroup of 256; ranks between two pixels and on one; ties; nothing and all but the largest. */
const CLIPPED: readonly Clipped[] = [
  { shape: [1, 3, 1, 1], percent: 50 },
  { shape: [2, 3, 1, 2], percent: 50 },
  { shape: [1, 3, 5, 5], percent: 50 },
  { shape: [2, 3, 16, 16], percent: 20 },
  { shape: [3, 3, 15, 17], percent: 90 },
  { shape: [1, 3, 1, 257], percent: 33.3 },
  { shape: [2, 3, 9, 7], percent: 50, ties: true },
  { shape: [1, 3, 9, 7], percent: 0 },
  { shape: [1, 3, 40, 37], percent: 100 },
  { shape: [2, 1, 9, 7], percent: 50 },
  { shape: [1, 1, 16, 17], percent: 20, ties: true },
];

function clipped(by: "clipNorm" | "clipContribution", { shape, percent, ties }: Clipped): Proof {
  const random = ties ? coarseNoise : noise;
  const [u, g] = [random(1, sizeOf(shape)), random(2, sizeOf(shape))];
  const [batch, , height, width] = shape;
  const area = height * width;
  const names = { image: "image", gradient: "gradient", measure: "measure", threshold: "threshold" };
  return {
    buffers: { image: u, gradient: g, measure: 4 * batch * area, threshold: 4 * batch },
    dispatches: clip(by, { batch, area, percent, colours: shape[1] === 1 ? 1 : 3 }, names),
    check(read) {
      const [image, gradient] = [tensor(shape, u), tensor(shape, g)];
      const measure = by === "clipNorm" ? twin.clip_norm(image) : twin.clip_contribution(image, gradient);
      const bound = twin.clip_contribution(absolute(image), absolute(by === "clipNorm" ? image : gradient));
      const made = read.f32("measure");
      expectWithin("measure", made, measure, bound, roundings(3));
      // What the GPU measured is selected from and compared exactly.
      const thresholds = twin.clip_select(made, batch, percent);
      expectExact("threshold", read.f32("threshold"), thresholds);
      twin.clip_small(image, made, thresholds);
      expectExact("image", read.f32("image"), image.data);
    },
  };
}

export const cases: readonly GpuCase[] = [
  kernelCase(["clip_norm", "clip_select", "clip_small"], "the lowest percentile by norm", CLIPPED, (one) =>
    clipped("clipNorm", one),
  ),
  kernelCase(
    ["clip_contribution", "clip_select", "clip_small"],
    "the lowest percentile by contribution",
    CLIPPED,
    (one) => clipped("clipContribution", one),
  ),
];
