import { expect, test } from "vitest";
import { RateMeter } from "../../src/element/rate-meter.ts";

test("counts iterations a second over the last second", () => {
  const rate = new RateMeter();
  expect(rate.perSecond).toBe(0);
  rate.add(100, 5);
  expect(rate.perSecond).toBe(0);
  rate.add(100, 6);
  expect(rate.perSecond).toBe(0);
  rate.add(600, 55);
  expect(rate.perSecond).toBe(100);
  // What is more than a second old no longer counts.
  for (let time = 1100; time <= 3100; time += 500) rate.add(time, 55 + (time - 600) / 10);
  expect(rate.perSecond).toBe(100);
  // From the last sample before that second, at 2100 with iteration 205, to the newest.
  rate.add(3600, 305);
  expect(rate.perSecond).toBeCloseTo((305 - 205) / 1.5, 9);
});

test("keeps two samples of a slow adapter, and forgets them when told", () => {
  const rate = new RateMeter();
  rate.add(0, 0);
  rate.add(4000, 1);
  expect(rate.perSecond).toBe(0.25);
  rate.add(9000, 2);
  expect(rate.perSecond).toBe(0.2);
  rate.clear();
  expect(rate.perSecond).toBe(0);
});
