import { expect, it } from "vitest";
import { grain, zoom } from "../../../src/optvis/transforms/zoom.ts";
import { BUFFERS, PLACE } from "../../support/transforms.ts";

it("a zoom goes from half the sides to its amount within the iterations", () => {
  const transform = zoom(0.05, 200);
  expect(transform.text).toBe("zoom:0.05");
  expect(transform.outputSize([5, 7])).toEqual([5, 7]);
  const [there, back] = [transform.forward(PLACE, BUFFERS), transform.backward(PLACE, BUFFERS)];
  expect(there.uniform).toEqual({
    ...{ batch: 2, height: 5, width: 7, iterations: 200, last: 0.05, strength: 0.5, seed: 3, op: 4 },
  });
  expect([there.kernel.name, back.kernel.name]).toEqual(["zoom_forward", "zoom_backward"]);
  expect(back.uniform).toEqual(there.uniform);
});

it("noise is of its deviation times the strength, and its gradient goes straight through", () => {
  const transform = grain(0.08);
  expect(transform.text).toBe("noise:0.08");
  const there = transform.forward(PLACE, BUFFERS);
  expect(there.uniform).toEqual({ count: 210, stride: 105, sigma: 0.04, seed: 3, op: 4 });
  expect(there.live).toMatchObject({ sigma: { key: "strength", scale: 0.08 } });
  const back = transform.backward(PLACE, BUFFERS);
  expect(back.buffers).toEqual({ input: "in", output: "out" });
  expect(back.live).toEqual({});
});
