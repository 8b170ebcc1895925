/** Looking for finished GPU work leaves the processor to others; nothing else is slowed down. */
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { pacePolling } from "../../src/node/polling.ts";

/** Looks again at every turn for `milliseconds`. @returns the turns after the first half */
async function turns(milliseconds: number, dress: (callback: () => void) => () => void): Promise<number> {
  const begin = performance.now();
  let count = 0;
  return new Promise((resolve) => {
    const look = dress(() => {
      const spent = performance.now() - begin;
      if (spent > milliseconds / 2) count++;
      if (spent < milliseconds) setImmediate(look);
      else resolve(count);
    });
    setImmediate(look);
  });
}

/** As a binding's functions look. */
const native = (callback: () => void) =>
  Object.defineProperty(callback.bind(undefined), "name", { value: "" }) as () => void;

test("a binding that polls without a pause gets one, once it has polled for a while", async () => {
  pacePolling();
  pacePolling();
  // Now and then others have the processor meanwhile. A gap then counts as the beginning of a new wait.
  await expect.poll(() => turns(60, native), { timeout: 10_000 }).toBeLessThanOrEqual(31);
  await expect.poll(() => turns(60, (callback) => callback), { timeout: 10_000 }).toBeGreaterThan(100);
  // The first looks of the next wait are eager again.
  await expect.poll(() => turns(1, native)).toBeGreaterThan(2);
});

test("other uses of setImmediate are as they were", async () => {
  pacePolling();
  expect(await new Promise((resolve) => setImmediate((...rest) => resolve(rest), 1, 2))).toEqual([1, 2]);
  expect(await promisify(setImmediate)(3)).toBe(3);
  clearImmediate(setImmediate(() => expect.fail("cleared")));
});
