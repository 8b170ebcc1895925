import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { checkBatch } from "../../src/cli/batch-check.ts";
import { type RenderFlags, renderRecipe } from "../../src/cli/flags.ts";
import { InputError } from "../../src/errors.ts";
import { defaultRecipe } from "../../src/optvis/recipe.ts";
import type { Term } from "../../src/optvis/term.ts";

const folder = mkdtempSync(join(tmpdir(), "ascent-flags-"));
afterAll(() => rmSync(folder, { recursive: true }));

const FLAGS: RenderFlags = { model: "x", runtime: "dawn", objective: "class:1", out: "x.png" };

it("takes size, iterations and batch from a recipe's file, and flags before them", async () => {
  const recipe = join(folder, "recipe.json");
  writeFileSync(recipe, JSON.stringify({ ...defaultRecipe, size: [24, 40], iterations: 7, batch: 3 }));
  const from = (flags: Partial<RenderFlags>) => renderRecipe({ ...FLAGS, recipe, ...flags }, "unit");
  expect(await from({})).toEqual({
    ...defaultRecipe,
    objective: "class:1",
    size: [24, 40],
    iterations: 7,
    batch: 3,
  });
  expect(await from({ iterations: 2, batch: 1 })).toMatchObject({ size: [24, 40], iterations: 2, batch: 1 });
});

it("takes a named recipe's iterations, and wants a size", async () => {
  const named = { ...FLAGS, recipe: "cs231n" };
  expect(await renderRecipe({ ...named, size: [8, 9] }, "unit")).toMatchObject({
    iterations: 100,
    size: [8, 9],
  });
  await expect(renderRecipe(named, "unit")).rejects.toThrow(/--size/);
});

const term = (fields: object): Term => ({ weight: 1, layer: "conv1_1", ...fields }) as Term;
const channel = term({ kind: "channel", channel: 0 });
const channels = term({ kind: "channels", channels: [4, 5, 6] });
const diversity = term({ kind: "diversity" });

function toldOf(terms: readonly Term[], batch: number): string[] {
  const told: string[] = [];
  checkBatch({ terms }, batch, (text) => void told.push(text));
  return told;
}

it.each([
  [[channels], 1, [/1 of 3 channels drawn.*--batch 3/]],
  [[channels], 2, [/2 of 3 channels drawn.*--batch 3/]],
  [[channels], 3, []],
  [[channel], 1, []],
  [[term({ kind: "interpolate", from: 1, to: 2 })], 1, [/1 of 2 channels drawn/]],
  [[channel, diversity], 1, [/diversity compares the images of a batch, got one/]],
  [[channel, diversity], 2, []],
])("of a batch too small for its objective it is told what is left out: %#", (terms, batch, expected) => {
  expect(toldOf(terms, batch)).toEqual(expected.map((text) => expect.stringMatching(text)));
});

it("refuses one image of what compares several alone", () => {
  const penalty = term({ kind: "tv", layer: "image", amount: 0 });
  expect(() => toldOf([diversity, penalty], 1)).toThrow(InputError);
  expect(toldOf([diversity], 2)).toEqual([]);
});
