import { expect, it } from "vitest";
import { formatSize, onOff, parseSize } from "../../src/element/attributes.ts";
import { InputError } from "../../src/errors.ts";

it("reads a size as N or HxW, and writes it back", () => {
  expect(parseSize("128")).toEqual([128, 128]);
  expect(parseSize(" 96 × 128 ")).toEqual([96, 128]);
  expect(parseSize("1X4096")).toEqual([1, 4096]);
  for (const text of ["1", "4096", "96x128"]) expect(formatSize(parseSize(text))).toBe(text);
});

it.each(["", "0", "4097", "96x0", "96x", "a", "-1", "1.5"])("refuses the size %j", (text) => {
  expect(() => parseSize(text)).toThrow(InputError);
  expect(() => parseSize(text)).toThrow(`size expects N or HxW with 1 to 4096 pixels a side, got "${text}"`);
});

it("takes off, false and absence for false", () => {
  expect(["off", "false", null].map(onOff.fromAttribute)).toEqual([false, false, false]);
  expect(["on", "", "true"].map(onOff.fromAttribute)).toEqual([true, true, true]);
  expect([true, false].map(onOff.toAttribute)).toEqual(["on", "off"]);
});
