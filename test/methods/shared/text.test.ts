import { expect, it } from "vitest";
import { figure, mebibytes, table } from "../../../src/methods/shared/text.ts";

it("figures have four digits, thousands their commas, and nothing a dash", () => {
  expect([0, 0.123456, 12.3456, 999.96, 1234.5, -4321.2, null].map(figure)).toEqual(
    "0 0.1235 12.35 1000 1,235 -4,321 –".split(" "),
  );
  expect(mebibytes(3 * 2 ** 19)).toBe("1.5 MiB");
});

it("a table's first column stands left, the others right, and no line ends in spaces", () => {
  expect(
    table([
      ["layer", "n", ""],
      ["a", "100", "x"],
    ]),
  ).toBe("layer    n\na      100  x");
});
