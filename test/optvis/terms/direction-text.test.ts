import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InputError } from "../../../src/errors.ts";
import { inferNetwork } from "../../../src/model/architecture.ts";
import { formatObjective, parseObjective } from "../../../src/optvis/objective.ts";
import { defaultRecipe } from "../../../src/optvis/recipe.ts";
import { parseRecipe, recipeFromQuery, recipeToQuery } from "../../../src/optvis/recipe-text.ts";
import { directionFile, directionSpec } from "../../../src/optvis/terms/direction-text.ts";
import { featureShapes } from "../../model/checkpoints.ts";
import { network } from "../../support/objectives.ts";

describe("the text of a direction", () => {
  test("leaves zeros out, and is short", () => {
    expect(directionSpec("conv1_2", [0, 0.1, -0, 3, -1e-7])).toBe("direction:conv1_2:1=0.1,3=3,4=-1e-7");
    expect(directionSpec("conv1_2", Float32Array.of(0.1, 1 / 3))).toBe(
      "direction:conv1_2:0=0.1,1=0.33333334",
    );
    expect(directionSpec("conv1_2", new Map([[7, 2]]))).toBe("direction:conv1_2:7=2");
  });

  test("is read as the same numbers in float32", () => {
    const weights = fc.float32Array({ noNaN: true, noDefaultInfinity: true, minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(weights, (w) => {
        fc.pre(w.some((x) => x !== 0));
        const [term] = parseObjective(directionSpec("conv1_2", w), network).terms;
        const read = new Float32Array(8);
        if (term?.kind === "direction") for (const [channel, x] of term.direction) read[channel] = x;
        expect([...read]).toEqual([...w].map((x) => x + 0));
      }),
    );
  });

  test("over 512 and 4,096 channels fits an objective, JSON and a link", () => {
    for (const channels of [512, 4096]) {
      const wide = inferNetwork(featureShapes([channels]), {}).network;
      const weights = Float32Array.from({ length: channels }, (_, i) => -Math.sin(i + 1) / 1000);
      const objective = directionSpec("conv1_1", weights);
      const [term] = parseObjective(objective, wide).terms;
      expect(term).toMatchObject({ kind: "direction", layer: "conv1_1" });
      expect(formatObjective({ terms: [term!] }, wide)).toBe(objective);
      const recipe = { ...defaultRecipe, objective };
      expect(parseRecipe(JSON.stringify(recipe)).objective).toBe(objective);
      expect(recipeFromQuery(recipeToQuery(recipe)).objective).toBe(objective);
    }
  });

  test.each([
    [[1, Number.NaN], /direction of conv1_2: the weight of channel 1 is not finite in float32: NaN/],
    [[Infinity], /channel 0 is not finite/],
    [[1e39], /channel 0 is not finite in float32: 1e\+39/],
    [[0, -0, 1e-60], /all 3 weights are zero/],
    [[], /all 0 weights are zero/],
  ])("of %j is refused", (weights, message) => {
    expect(() => directionSpec("conv1_2", weights)).toThrow(InputError);
    expect(() => directionSpec("conv1_2", weights)).toThrow(message);
  });
});

describe("a direction from a file", () => {
  test.each([
    ["direction:conv1_2:@w.json", { path: "w.json", tensor: undefined, rest: "" }],
    ["direction:conv1_2:@a/b c.safetensors", { path: "a/b c.safetensors", tensor: undefined, rest: "" }],
    ["direction:conv1_2:@w.safetensors#probe.3", { path: "w.safetensors", tensor: "probe.3", rest: "" }],
    ["direction:conv1_2:@w.json:3,4^2", { path: "w.json", tensor: undefined, rest: ":3,4^2" }],
    ["direction:conv1_2:@w.json^2[0,1]", { path: "w.json", tensor: undefined, rest: "^2[0,1]" }],
    [
      'direction:conv1_2:@"C:/a + b [1].safetensors#x":border=1',
      { path: "C:/a + b [1].safetensors", tensor: "x", rest: ":border=1" },
    ],
  ])("%s", (text, expected) => {
    expect(directionFile(text)).toEqual({ layer: "conv1_2", ...expected });
  });

  test.each(["direction:conv1_2:1=1", "channel:conv1_2:@w", "class:@w", "direction:conv1_2"])(
    "%s is none",
    (text) => expect(directionFile(text)).toBeUndefined(),
  );

  test.each(["direction:conv1_2:@", 'direction:conv1_2:@""', "direction:conv1_2:@#name"])(
    "%s has no path",
    (text) => expect(() => directionFile(text)).toThrow(/expected a file's path after @/),
  );
});
