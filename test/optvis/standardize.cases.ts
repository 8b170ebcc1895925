import { preprocessing } from "../../src/model/preprocess.ts";
import { imageStatistics } from "../../src/optvis/standardize.ts";
import { type Shape4, sizeOf, tensor } from "../reference/tensor.ts";
import * as twin from "../reference/twins.ts";
import type { GpuCase } from "../stacks/case.ts";
import { DIVISION, expectWithin, noise, roundings } from "../support/compare.ts";
import { kernelCase, type Proof } from "../support/execute.ts";

/** One pixel; fewer numbers than invocations, as many, more; several images of different means and strengths. */
const SHAPES: readonly Shape4[] = [
  [1, 3, 1, 1],
  [1, 3, 3, 7],
  [2, 3, 8, 8],
  [3, 3, 13, 17],
  [2, 1, 13, 17],
];

const STANDARD = { deviation: 0.15, epsilon: 5e-6 };

function statistics(shape: Shape4): Proof {
  const [batch, colours, height, width] = shape;
  const count = colours * height * width;
  const mean = preprocessing("imagenet").mean.slice(0, colours);
  const image = noise(1, sizeOf(shape)).map((x, i) => {
    const n = Math.floor(i / count);
    return x / 4 ** n + n;
  });
  const images = { batch, size: [height, width] as const, mean };
  return {
    buffers: { image, statistics: 8 * batch },
    dispatches: [imageStatistics(images, { image: "image", statistics: "statistics" })],
    check(read) {
      const expected = twin.standardize_statistics(tensor(shape, image), mean, STANDARD);
      // A sum of as many as an invocation has, and of the 64 of them; then a division.
      const depth = Math.ceil(count / 64) + 6 + DIVISION + 1;
      const magnitude = expected.map((value, i) => {
        const n = Math.floor(i / 2);
        const rgb = [...image.subarray(n * count, (n + 1) * count)].map(
          (x, at) => Math.abs(x) + mean[Math.floor((colours * at) / count)]!,
        );
        if (i % 2 === 0) return rgb.reduce((sum, x) => sum + x, 0) / count;
        // x − m errs by the rounding of x and m, and its square by twice as much.
        const m = Math.abs(expected[i - 1]!);
        const [squares, sigma] = [rgb.reduce((sum, x) => sum + (x + m) ** 2, 0), STANDARD.deviation / value];
        return (value * squares) / (count * sigma ** 2);
      });
      expectWithin("statistics", read.f32("statistics"), expected, magnitude, roundings(depth));
    },
  };
}

export const cases: readonly GpuCase[] = [
  kernelCase(["standardize_statistics"], "mean and gain of every image", SHAPES, statistics),
];
