import { expect, it } from "vitest";
import { History } from "../../src/page/history.ts";

const frame = (iteration: number, bytes = 1) => ({ iteration, held: `at ${iteration}`, bytes });
const iterations = <Held>({ frames }: History<Held>): number[] => frames.map(({ iteration }) => iteration);

function filled(end: number, bytes = 1): History<string> {
  const history = new History<string>();
  for (let i = 0; i <= end; i++) if (history.wants(i)) history.add(frame(i, bytes));
  return history;
}

it("keeps every frame while there are few", () => {
  expect(iterations(filled(9))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

it("keeps frames of a long run evenly apart, the first and a late one among them", () => {
  const kept = iterations(filled(1000));
  expect(kept.length).toBeLessThanOrEqual(48);
  expect(kept.length).toBeGreaterThan(20);
  expect(kept[0]).toBe(0);
  const gaps = kept.slice(2).map((iteration, i) => iteration - (kept[i + 1] as number));
  expect(Math.max(...gaps)).toBeLessThanOrEqual(2 * Math.min(...gaps));
  expect(kept.at(-1)).toBeGreaterThan(1000 - 2 * Math.max(...gaps));
});

it("keeps fewer frames where they are large", () => {
  expect(iterations(filled(200, 2 ** 23)).length).toBeLessThanOrEqual(12);
  expect(iterations(filled(200, 2 ** 30)).length).toBeGreaterThanOrEqual(3);
});

it("leaves aside what came after the frame that it goes on from", () => {
  const history = filled(9);
  history.goBack(4);
  expect(iterations(history)).toEqual([0, 1, 2, 3, 4]);
  expect(history.left.map(({ iteration }) => iteration)).toEqual([5, 6, 7, 8, 9]);
  history.add(frame(5));
  expect(iterations(history)).toEqual([0, 1, 2, 3, 4, 5]);
  expect(history.left).toHaveLength(5);
  expect(history.wants(5)).toBe(false);
});

it("takes the way that was left, and leaves the other", () => {
  const history = filled(5);
  history.goBack(2);
  history.add({ ...frame(3), held: "another 3" });
  history.swap();
  expect(iterations(history)).toEqual([0, 1, 2, 3, 4, 5]);
  expect(history.left.map(({ held }) => held)).toEqual(["another 3"]);
  history.swap();
  expect(history.frames.map(({ held }) => held)).toEqual(["at 0", "at 1", "at 2", "another 3"]);
});

it("forgets all for another run", () => {
  const history = filled(500);
  history.clear();
  expect(history.frames).toEqual([]);
  expect(history.wants(0)).toBe(true);
  history.add(frame(0));
  expect(history.wants(1)).toBe(true);
});
