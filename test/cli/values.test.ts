import { describe, expect, it } from "vitest";
import { choice, integer, number, size } from "../../src/cli/values.ts";
import { InputError } from "../../src/errors.ts";

describe("values of flags", () => {
  it("reads decimal numbers", () => {
    const read = number("--x");
    const texts = ["0", "-1.5", "+2", ".5", "5.", "1e-3", "1E2"];
    expect(texts.map(read)).toEqual([0, -1.5, 2, 0.5, 5, 0.001, 100]);
  });

  it.each(["", " ", "1 ", "abc", "1,5", "0x10", "1e400", "Infinity", "NaN", "1.2.3", "--1", "1_000"])(
    "refuses the number %j",
    (text) => {
      expect(() => number("--x")(text)).toThrow(InputError);
      expect(() => number("--x")(text)).toThrow(`--x: expected a number, got "${text}"`);
    },
  );

  it("keeps both sides of its bounds", () => {
    const read = number("--x", { least: 0, most: 1 });
    expect([read("0"), read("1")]).toEqual([0, 1]);
    for (const text of ["-0.0001", "1.0001"]) expect(() => read(text)).toThrow("a number from 0 to 1");
    expect(() => number("--x", { least: 2 })("1")).toThrow("a number of at least 2");
  });

  it("reads whole numbers alone", () => {
    const read = integer("--n", { least: 1, most: 100 });
    expect([read("1"), read("100"), read("+7"), read("007")]).toEqual([1, 100, 7, 7]);
    for (const text of ["0", "101", "1.0", "1e2", "-5", "", "9".repeat(30)]) {
      expect(() => read(text)).toThrow("--n: expected a whole number from 1 to 100");
    }
    expect(() => integer("--n")("9".repeat(30))).toThrow(InputError);
  });

  it("reads sizes as height, then width", () => {
    const read = size("--size", { least: 1, most: 4096 });
    expect([read("64"), read("96x128"), read("5X7")]).toEqual([
      [64, 64],
      [96, 128],
      [5, 7],
    ]);
    for (const text of ["0", "64x0", "4097", "x64", "64x", "64x64x64", "6.5", "-1", "64 x 64", ""]) {
      expect(() => read(text)).toThrow("--size: expected N or HxW in pixels, each from 1 to 4096");
    }
  });

  it("lists the words there are", () => {
    expect(choice("--w", ["a", "b", "c"])("b")).toBe("b");
    expect(() => choice("--w", ["a", "b", "c"])("B")).toThrow('--w: expected a, b or c, got "B"');
  });
});
