import { avgpool2x2Backward, avgpool2x2Forward } from "../../../src/nn/layers/avgpool2x2.ts";
import { type Shape4, sizeOf, tensor } from "../../reference/tensor.ts";
import * as twin from "../../reference/twins.ts";
import type { GpuCase } from "../../stacks/case.ts";
import { absolute, expectExact, expectWithin, noise, roundings } from "../../support/compare.ts";
import { kernelCase, type Proof } from "../../support/execute.ts";

/** Even and odd sides, and one window. */
const SHAPES: readonly Shape4[] = [
  [1, 1, 2, 2],
  [1, 1, 3, 3],
  [2, 3, 7, 10],
  [1, 5, 16, 9],
  [3, 2, 2, 17],
  [1, 9, 33, 2],
];

function pool(shape: Shape4): Proof {
  const [batch, channels, height, width] = shape;
  const x = tensor(shape, noise(1, sizeOf(shape)));
  const y = twin.avgpool2x2_forward(x);
  const dy = tensor(y.shape, noise(2, y.data.length));
  const layer = [batch, { channels, height, width }] as const;
  return {
    buffers: {
      x: Float32Array.from(x.data),
      y: 4 * y.data.length,
      dy: Float32Array.from(dy.data),
      dx: 4 * sizeOf(shape),
    },
    dispatches: [
      avgpool2x2Forward("forward", ...layer, { input: "x", output: "y" }),
      avgpool2x2Backward("backward", ...layer, { outputGradient: "dy", inputGradient: "dx" }),
    ],
    check(read) {
      const bound = twin.avgpool2x2_forward(absolute(x)).data;
      expectWithin("y", read.f32("y"), y.data, bound, roundings(3));
      expectExact("dx", read.f32("dx"), twin.avgpool2x2_backward(dy, shape).data);
    },
  };
}

export const cases: readonly GpuCase[] = [
  kernelCase(["avgpool2x2_forward", "avgpool2x2_backward"], "even and odd sides", SHAPES, pool),
];
