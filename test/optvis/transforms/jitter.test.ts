import { expect, it } from "vitest";
import { jitter } from "../../../src/optvis/transforms/jitter.ts";
import { BUFFERS, PLACE } from "../../support/transforms.ts";

const transform = jitter(5);

it("rolls the image, which keeps its size", () => {
  expect(transform.text).toBe("jitter:5");
  expect(transform.outputSize([5, 7])).toEqual([5, 7]);
});

it("rolls by whole pixels of its strength, and takes a new strength while running", () => {
  const { uniform, live, workgroups, buffers } = transform.forward(PLACE, BUFFERS);
  // 0.5 · 5 rounds to 3.
  expect(uniform).toEqual({ batch: 2, height: 5, width: 7, jitter: 3, seed: 3, op: 4 });
  expect(live).toEqual({ seed: { key: "seed", scale: 1 }, jitter: { key: "strength", scale: 5 } });
  expect(workgroups).toEqual([Math.ceil((2 * 3 * 35) / 64), 1, 1]);
  expect(buffers).toEqual(BUFFERS);
});

it("rolls back by the same shift", () => {
  const [there, back] = [transform.forward(PLACE, BUFFERS), transform.backward(PLACE, BUFFERS)];
  expect([there.kernel.name, back.kernel.name]).toEqual(["jitter_forward", "jitter_backward"]);
  expect(back.uniform).toEqual(there.uniform);
});
