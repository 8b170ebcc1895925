import { expect, it } from "vitest";
import { settingsOf } from "../../src/methods/method.ts";
import { choice, number } from "../../src/optvis/field.ts";

const TABLE = {
  count: number({ label: "Count", help: "how many", default: 3, least: 1, most: 9, whole: true }),
  kind: choice({ label: "Kind", help: "which", default: "a", choices: { a: "A", b: "B" } }),
};

it("a setting that is not given has its default", () => {
  expect(settingsOf(TABLE, {})).toEqual({ count: 3, kind: "a" });
  expect(settingsOf(TABLE, { count: 5, kind: undefined })).toEqual({ count: 5, kind: "a" });
});

it("a setting out of bounds is refused by its name", () => {
  expect(() => settingsOf(TABLE, { count: 10 })).toThrow("count expects a whole number from 1 to 9, got 10");
  expect(() => settingsOf(TABLE, { kind: "c" as "a" })).toThrow("kind expects one of a, b");
});
