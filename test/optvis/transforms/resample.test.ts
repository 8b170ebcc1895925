import { expect, it } from "vitest";
import { rotate, scale } from "../../../src/optvis/transforms/resample.ts";
import { BUFFERS, PLACE } from "../../support/transforms.ts";

const lucid = [
  // Eleven scales from 0.9 to 1.1; 21 angles up to 10° and five more that are none (Lucid's standard_transforms).
  [scale(0.1), "scale:0.1", { scales: 11, scaleRange: 0.05, angles: 1, angleRange: 0, level: 0 }],
  [rotate(10), "rotate:10", { scales: 1, scaleRange: 0, angles: 21, angleRange: Math.PI / 36, level: 5 }],
] as const;

it.each(lucid)("%# draws from Lucid's numbers, times its strength", (transform, text, motion) => {
  expect(transform.text).toBe(text);
  expect(transform.outputSize([5, 7])).toEqual([5, 7]);
  const { uniform, kernel } = transform.forward(PLACE, BUFFERS);
  expect(kernel.name).toBe("resample_forward");
  expect(uniform).toMatchObject({ ...motion, angleRange: expect.closeTo(motion.angleRange, 12) });
  expect(uniform).toMatchObject({ fill: [0.1, 0.2, 0.3, 0], seed: 3, op: 4 });
});

it.each(lucid)("%# goes back by the same numbers, whatever the strength is by then", (transform) => {
  const [there, back] = [transform.forward(PLACE, BUFFERS), transform.backward(PLACE, BUFFERS)];
  expect(back.kernel.name).toBe("resample_backward");
  expect(back.uniform).toEqual(there.uniform);
  expect(back.live).toEqual(there.live);
  const whole = transform.forward({ ...PLACE, strength: 1 }, BUFFERS);
  for (const field of ["scaleRange", "angleRange"]) {
    expect(there.live[field]).toEqual({ key: "strength", scale: whole.uniform[field] });
  }
});
