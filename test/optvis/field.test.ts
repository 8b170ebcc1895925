import { describe, expect, it } from "vitest";
import { InputError } from "../../src/errors.ts";
import {
  checkValue,
  checkValues,
  choice,
  choicesOf,
  dashed,
  defaultsOf,
  expected,
  formatValue,
  nearestValue,
  number,
  readText,
  size,
  text,
  toggle,
} from "../../src/optvis/field.ts";

const said = { label: "Label", help: "what it does" };
const table = {
  rate: number({ ...said, default: 0.5, least: 0, most: 2, whole: false }),
  count: number({ ...said, default: 3, least: 1, most: 10, whole: true }),
  kind: choice({ ...said, default: "round", choices: { round: "Round", square: "Square" } }),
  loud: toggle({ ...said, default: false }),
  canvas: size({ ...said, default: [4, 6], least: 1, most: 64 }),
  name: text({ ...said, default: "x", most: 5 }),
  note: text({
    ...{ ...said, default: "", most: 5, empty: true },
    check: (note) => {
      if (note === "bad") throw new InputError("note: bad is no note");
    },
  }),
};

describe("a table of fields", () => {
  it("takes a text of spaces for none", () => {
    expect(() => checkValue("name", table.name, "  ")).toThrow(/name expects 1 to 5 characters/);
    expect(checkValue("note", table.note, "  ")).toBe("  ");
  });

  it("gives the defaults", () => {
    expect(defaultsOf(table)).toEqual({
      ...{ rate: 0.5, count: 3, kind: "round", loud: false, canvas: [4, 6], name: "x", note: "" },
    });
    expect(choicesOf(table.kind)).toEqual(["round", "square"]);
  });

  it.each([
    ["rate", 0, 2],
    ["count", 1, 10],
    ["kind", "round", "square"],
    ["loud", true, false],
    ["canvas", [1, 64], [64, 1]],
    ["name", "a", "abcde"],
    ["note", "", "abcde"],
  ] as const)("%s takes both ends of its bounds", (name, least, most) => {
    expect(checkValue(name, table[name], least)).toEqual(least);
    expect(checkValue(name, table[name], most)).toEqual(most);
  });

  it.each([
    ["rate", [-0.001, 2.001, Number.NaN, "1", null, undefined]],
    ["count", [0, 11, 1.5, true]],
    ["kind", ["oval", "toString", 1, ""]],
    ["loud", ["on", 1, undefined]],
    ["canvas", [4, [4], [4, 0], [65, 4], [4, 4.5], [4, 4, 4], "4x4"]],
    ["name", ["", "abcdef", 5]],
    ["note", ["abcdef", null]],
  ] as const)("%s refuses the rest, and says what it takes", (name, values) => {
    for (const value of values) {
      expect(() => checkValue(name, table[name], value)).toThrow(InputError);
      expect(() => checkValue(name, table[name], value)).toThrow(`${name} expects ${expected(table[name])}`);
    }
  });

  it("asks a text's own check", () => {
    expect(() => checkValue("note", table.note, "bad")).toThrow("note: bad is no note");
  });

  it("checks all values, in the order of the rows, and no others", () => {
    const { rate, ...others } = defaultsOf(table);
    const checked = checkValues("thing", table, { ...others, rate });
    expect(Object.keys(checked)).toEqual(Object.keys(table));
    expect(() => checkValues("thing", table, { ...checked, cuont: 4 })).toThrow(
      'thing has the unknown field "cuont"; did you mean count?',
    );
    expect(() => checkValues("thing", table, others)).toThrow(
      "rate expects a number from 0 to 2, got undefined",
    );
    expect(() => checkValues("thing", table, { ...checked, toString: 1 })).toThrow(
      'unknown field "toString"',
    );
  });
});

describe("texts of values", () => {
  it("are read as they are written", () => {
    for (const [row, value] of [
      [table.rate, 1e-7],
      [table.count, 7],
      [table.kind, "square"],
      [table.loud, true],
      [table.canvas, [3, 5]],
      [table.name, "abc"],
    ] as const) {
      expect(readText(row, formatValue(value))).toEqual(value);
      expect(nearestValue(row, formatValue(value))).toEqual(value);
    }
  });

  it("are no values where they make no sense", () => {
    for (const [row, words] of [
      [table.rate, ["", "x", "0x10", "1 2"]],
      [table.loud, ["", "yes"]],
      [table.canvas, ["", "4x", "-4", "4x4x4"]],
    ] as const)
      for (const word of words) expect(readText(row, word)).toBeUndefined();
  });

  it("of a link come to the nearest value", () => {
    expect(nearestValue(table.rate, "-3")).toBe(0);
    expect(nearestValue(table.rate, "1e999")).toBe(2);
    expect(nearestValue(table.rate, "NaN")).toBeUndefined();
    expect(Object.is(nearestValue(table.rate, "-0"), 0)).toBe(true);
    expect(nearestValue(table.count, "4.6")).toBe(5);
    expect(nearestValue(table.kind, "toString")).toBeUndefined();
    expect(nearestValue(table.loud, "1")).toBe(true);
    expect(nearestValue(table.loud, "maybe")).toBeUndefined();
    expect(nearestValue(table.canvas, "900x0")).toEqual([64, 1]);
    expect(nearestValue(table.name, " abcdefgh ")).toBe("abcde");
    expect(nearestValue(table.name, "  ")).toBeUndefined();
    expect(nearestValue(table.note, "bad")).toBeUndefined();
  });

  it("spells names as flags and attributes do", () => {
    expect([dashed("blurEvery"), dashed("l2"), dashed("clipNorm")]).toEqual([
      "blur-every",
      "l2",
      "clip-norm",
    ]);
  });
});
