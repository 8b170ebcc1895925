/** A plateau is where the relative gain over 20 iterations is small, seen after 21, 41, … of them. */
import { expect, test } from "vitest";
import { nextCheck, Plateau } from "../../../src/engine/run/plateau.ts";

/** Iterations of a batch of two, whose mean is `value(i)`. */
function recorded(count: number, value: (i: number) => number): Plateau {
  const plateau = new Plateau();
  const rows = Array.from({ length: count }, (_, i) => [value(i) - 1, value(i) + 1]);
  plateau.record(7, rows.slice(0, 7));
  plateau.record(count, rows.slice(7));
  return plateau;
}

test("checks come after 1, 21, 41, … iterations", () => {
  expect([0, 1, 2, 20, 21, 40, 41].map(nextCheck)).toEqual([1, 21, 21, 21, 41, 41, 61]);
});

test("a gain just below the limit is a plateau, one just above it is none", () => {
  const rising = recorded(21, (i) => 100 + i);
  expect(rising.reached(21, 0.21)).toBe(true);
  expect(rising.reached(21, 0.2)).toBe(false);
  // Relative to a negative objective's amount, a rise is a gain too.
  expect(recorded(21, (i) => i - 100).reached(21, 0.2)).toBe(false);
  expect(recorded(21, (i) => -i - 100).reached(21, 0)).toBe(true);
});

test("there is none between checks, before the second one, or after a new beginning", () => {
  const flat = recorded(41, () => 5);
  expect([20, 22, 40, 41].map((finished) => flat.reached(finished, 1))).toEqual([false, false, false, true]);
  expect(recorded(1, () => 5).reached(1, 1)).toBe(false);
  flat.clear();
  expect(flat.reached(41, 1)).toBe(false);
});
