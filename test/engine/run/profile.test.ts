import { expect, it } from "vitest";
import { profileByKernel } from "../../../src/engine/run/profile.ts";

const times = [
  { label: "conv1_1 forward", kernel: "conv", milliseconds: 2, flops: 20e6, bytes: 1e6 },
  { label: "pool1 forward", kernel: "pool", milliseconds: 1, flops: 0, bytes: 4e6 },
  { label: "conv1_2 forward", kernel: "conv", milliseconds: 3, flops: 30e6, bytes: 1e6 },
  { label: "advance", kernel: "advance", milliseconds: 0, flops: 0, bytes: 0 },
];

it("adds up a kernel's dispatches and holds them to the limit that binds first", () => {
  const limits = { fmaGflops: 40, copyGbs: 8, matmulGflops: 20 };
  const [conv, pool, advance] = profileByKernel(times, limits);
  // 50 MFLOP and 2 MB in 5 ms: 10 GFLOP/s is a quarter of 40, 0.4 GB/s a twentieth of 8.
  expect(conv).toEqual({
    kernel: "conv",
    dispatches: 2,
    milliseconds: 5,
    share: 5 / 6,
    gflops: 10,
    gbs: 0.4,
    ofLimit: 0.25,
  });
  expect(pool).toMatchObject({ kernel: "pool", share: 1 / 6, gflops: null, gbs: 4, ofLimit: 0.5 });
  expect(advance).toMatchObject({ kernel: "advance", share: 0, gflops: null, gbs: null, ofLimit: null });
});

it("tells no fraction where the limits are not known, and no share of nothing", () => {
  expect(profileByKernel(times, null).map(({ ofLimit }) => ofLimit)).toEqual([null, null, null]);
  expect(profileByKernel([times[3]!], null)[0]?.share).toBe(0);
});
