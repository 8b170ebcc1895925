import { expect, it } from "vitest";
import { Turns } from "../../src/element/turns.ts";

it("takes one turn after the other, and tells the end of each", async () => {
  const turns = new Turns();
  const seen: string[] = [];
  const turn = (name: string) =>
    turns.take(
      async () => {
        seen.push(`${name} begins`);
        await new Promise((resolve) => setTimeout(resolve, name === "a" ? 5 : 0));
        seen.push(`${name} works`);
      },
      () => void seen.push(`${name} ends, ${turns.any ? "others wait" : "the last"}`),
    );
  const both = [turn("a"), turn("b")];
  expect(turns.any).toBe(true);
  await Promise.all(both);
  expect(seen).toEqual([
    ...["a begins", "a works", "a ends, others wait", "b begins", "b works", "b ends, the last"],
  ]);
  expect(turns.any).toBe(false);
});
