/** Blocks that tell a kernel's time on a clock that shows the end of work late. */
import { expect, it } from "vitest";
import { timeBlock } from "../../src/gpu/timing.ts";

/** Work of `each` milliseconds whose end is seen at the next tick of a timer. */
function seenAtTicks(each: number, tick: number) {
  const blocks: number[] = [];
  return {
    blocks,
    async time(repeats: number) {
      const seen = tick > 0 ? Math.ceil((repeats * each) / tick) * tick : repeats * each;
      blocks.push(repeats);
      return seen / repeats;
    },
  };
}

it("by timestamps is one run where that is long enough, and repeats a short one", async () => {
  const long = seenAtTicks(7, 0);
  expect(await timeBlock(long, 5, 0)).toEqual({ milliseconds: 7, ran: 14 });
  expect(long.blocks).toEqual([1, 1]);
  const short = seenAtTicks(0.25, 0);
  expect(await timeBlock(short, 5, 0)).toEqual({ milliseconds: 0.25, ran: 5.75 });
  expect(short.blocks).toEqual([1, 1, 21]);
});

it.each([0.9, 3, 40, 250])("by a clock of 100 ms tells %d ms within a tenth", async (each) => {
  const { milliseconds } = await timeBlock(seenAtTicks(each, 100), 1, 100);
  expect(milliseconds).toBeGreaterThanOrEqual(each);
  expect(milliseconds).toBeLessThanOrEqual(1.11 * each);
});

it.each([
  [0, 100],
  [1, 1000],
])("ends where, by a grain of %d ms, even %d runs are too short", async (grain, most) => {
  const nothing = seenAtTicks(0, 0);
  expect((await timeBlock(nothing, 1, grain)).milliseconds).toBe(0);
  expect(nothing.blocks.at(-1)).toBe(most);
});
