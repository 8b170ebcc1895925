/** A submission fills a frame, grows by doubling, and keeps growing only where that pays. */
import { expect, test } from "vitest";
import { SubmissionSize } from "../../../src/engine/run/submission-size.ts";

/** Counts of submissions that take what `milliseconds` says of their count. */
function counts(submissions: number, most: number, milliseconds: (count: number) => number): number[] {
  const size = new SubmissionSize(50, most);
  return Array.from({ length: submissions }, () => {
    const { count } = size;
    size.record(count, milliseconds(count));
    return count;
  });
}

test("iterations of a millisecond double up to the frame", () => {
  expect(counts(9, 256, (count) => count)).toEqual([1, 2, 4, 8, 16, 32, 50, 50, 50]);
});

test("there are never more than the most", () => {
  expect(Math.max(...counts(9, 12, (count) => count))).toBe(12);
});

test("a slow iteration is tried by twos once, and goes back to one", () => {
  expect(counts(4, 256, (count) => 200 * count)).toEqual([1, 2, 1, 1]);
});

test("where the end is seen on a timer of 100 ms a submission grows past the frame", () => {
  const grown = counts(8, 256, (count) => 100 * Math.ceil((10 * count) / 100));
  expect(grown.slice(0, 4)).toEqual([1, 2, 4, 8]);
  expect(Math.max(...grown)).toBeGreaterThan(5);
});

test("a submission of another count than wanted tells nothing", () => {
  const size = new SubmissionSize(50, 256);
  size.record(3, 1);
  expect(size.count).toBe(1);
});
