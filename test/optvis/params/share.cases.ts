import { share } from "../../../src/optvis/params/share.ts";
import * as twin from "../../reference/twins.ts";
import type { GpuCase } from "../../stacks/case.ts";
import { dot, expectAdjoint, expectExact, expectWithin, noise, roundings } from "../../support/compare.ts";
import { kernelCase, type Proof } from "../../support/execute.ts";

interface Shared {
  readonly batch: number;
  readonly length: number;
  /** Every so many numbers one is shared. */
  readonly every: number;
}

const SHARED: readonly Shared[] = [
  { batch: 1, length: 1, every: 1 },
  { batch: 2, length: 63, every: 2 },
  { batch: 3, length: 130, every: 5 },
  { batch: 4, length: 64, every: 1 },
  { batch: 2, length: 65, every: 1000 },
];

function shared({ batch, length, every }: Shared): Proof {
  const mask = Float32Array.from({ length }, (_, i) => (i % every === every - 1 ? 1 : 0));
  const [values, gradient] = [noise(1, batch * length), noise(2, batch * length)];
  const passes = share({ batch, length }, { mask: "mask", values: "values", gradient: "gradient" });
  return {
    buffers: { mask, values, gradient },
    dispatches: [passes.forward, passes.backward],
    check(read) {
      const s = read.f32("values");
      expectExact("s", s, twin.share_forward(values, mask));
      const dv = read.f32("gradient");
      const bound = twin.share_backward(gradient.map(Math.abs), mask);
      expectWithin("dv", dv, twin.share_backward(gradient, mask), bound, roundings(batch));
      expectAdjoint("share", dot(s, gradient), dot(values, dv), batch * length, roundings(batch));
    },
  };
}

export const cases: readonly GpuCase[] = [
  kernelCase(
    ["share_forward", "share_backward"],
    "the first image's numbers, their gradients added",
    SHARED,
    shared,
  ),
];
