/** The paper on kernels names every convolution variant once, and the device features that it needs. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { convVariantNames, variantOf } from "../../src/nn/conv3x3.ts";
import { ROOT } from "../stacks/environment.ts";

interface Line {
  /** Names in the first cell, `*` being anything. */
  readonly names: readonly RegExp[];
  readonly needs: readonly string[];
}

function lines(): Line[] {
  const paper = readFileSync(join(ROOT, ".github/docs/kernels.md"), "utf8");
  const [table = ""] = /^\| variant \|[\s\S]*?\n\n/m.exec(paper) ?? [];
  const words = (cell = "") => [...cell.matchAll(/`([\w*-]+)`/g)].map(([, word = ""]) => word);
  return table
    .trim()
    .split("\n")
    .slice(2)
    .map((line) => line.split(" | "))
    .map((cells) => ({
      names: words(cells[0]).map((name) => new RegExp(`^${name.replace("*", "\\w+")}$`)),
      needs: words(cells.at(-1)),
    }));
}

it.each(convVariantNames)("%s", (name) => {
  const found = lines().filter(({ names }) => names.some((pattern) => pattern.test(name)));
  expect(found.map(({ needs }) => needs)).toEqual([variantOf(name).features]);
});

it("names no variant that is not there", () => {
  const unknown = lines()
    .flatMap(({ names }) => names)
    .filter((pattern) => !convVariantNames.some((name) => pattern.test(name)));
  expect(unknown).toEqual([]);
});
