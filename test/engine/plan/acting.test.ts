/** Every field of a recipe acts: what an ascent plans, starts from and runs is another when the field is. */
import { expect, expectTypeOf, test } from "vitest";
import type { planSeen } from "../../../src/engine/plan/composite.ts";
import type { planEntry } from "../../../src/engine/plan/entry.ts";
import { iterationOf } from "../../../src/engine/plan/iteration.ts";
import type { planNetworks } from "../../../src/engine/plan/networks.ts";
import { planAscent, type planCoarse, type planPicture } from "../../../src/engine/plan/plan-ascent.ts";
import type { planParts, planRegularizers, planStep } from "../../../src/engine/plan/update.ts";
import { startValues } from "../../../src/engine/run/start.ts";
import { inferNetwork } from "../../../src/model/architecture.ts";
import { preprocessing } from "../../../src/model/preprocess.ts";
import { afterChanges, changesOf } from "../../../src/optvis/course.ts";
import type { Row } from "../../../src/optvis/field.ts";
import { parseObjective } from "../../../src/optvis/objective.ts";
import {
  defaultRecipe,
  type LiveField,
  type Recipe,
  recipeFieldNames,
  recipeRow,
} from "../../../src/optvis/recipe.ts";
import type { transformsOf } from "../../../src/optvis/transforms/transforms.ts";

const { network } = inferNetwork(
  new Map([
    ["features.0.weight", [8, 3, 3, 3]],
    ["features.0.bias", [8]],
    ["features.2.weight", [8, 8, 3, 3]],
    ["features.2.bias", [8]],
  ]),
  {},
);

const PLAIN: Recipe = { ...defaultRecipe, objective: "channel:conv1_2:1", size: [32, 32] };

/** The fields that the functions of the engine take, by their types. Live ones each have a line in `iteration.ts`. */
type Acting =
  | keyof Parameters<typeof startValues>[0]
  | keyof Parameters<typeof transformsOf>[0]
  | keyof Parameters<typeof planSeen>[0]
  | keyof Parameters<typeof planEntry>[0]["recipe"]
  | keyof Parameters<typeof planNetworks>[0]["recipe"]
  | keyof Parameters<typeof planParts>[0]
  | keyof Parameters<typeof planStep>[0]["recipe"]
  | keyof Parameters<typeof planRegularizers>[0]
  | keyof Parameters<typeof planCoarse>[0]
  | keyof Parameters<typeof planPicture>[0]
  | keyof Parameters<typeof changesOf>[0]
  | LiveField;

test("a field that no function takes does not compile", () => {
  // The objective is an argument of its own, parsed.
  expectTypeOf<Exclude<keyof Recipe, Acting | "objective">>().toBeNever();
});

/** Fields that act only beside others. */
const BESIDE: Partial<Record<keyof Recipe, Partial<Recipe>>> = {
  share: { param: "fourier", batch: 2 },
  blurEvery: { blur: 1 },
  seed: { init: "noise" },
  strength: { transforms: "rotate:10" },
  iterations: { transforms: "zoom:0.3" },
};

/** Values that a row cannot guess. */
const OTHERS: Partial<Recipe> = {
  objective: "channel:conv1_1:1",
  transforms: "pad:2",
  changes: "5:blur=1",
};

function otherValue(row: Row): unknown {
  switch (row.kind) {
    case "number":
      return row.default + 1 <= row.most ? row.default + 1 : row.default / 2;
    case "choice":
      return Object.keys(row.choices).find((word) => word !== row.default);
    case "switch":
      return !row.default;
    case "size":
      return [row.least + 15, row.least + 17];
    case "text":
      return undefined;
  }
}

/** Everything that happens, as plain data. */
function happening(recipe: Recipe): string {
  const objective = parseObjective(recipe.objective, network);
  const plan = planAscent(network, "imagenet", objective, recipe, { bindingLimit: 2 ** 27 });
  const iterations = Array.from({ length: 20 }, (_, t) => {
    const made = changesOf(recipe).filter(({ at }) => at <= t);
    return iterationOf(plan, t, afterChanges(recipe, made));
  });
  const start = startValues(recipe, preprocessing("imagenet"));
  return JSON.stringify({ plan, iterations, start });
}

test.each(recipeFieldNames)("%s acts", (field) => {
  const recipe: Recipe = { ...PLAIN, ...BESIDE[field] };
  const other = { ...recipe, [field]: OTHERS[field] ?? otherValue(recipeRow(field)) };
  expect(other[field]).not.toEqual(recipe[field]);
  expect(happening(other)).not.toBe(happening(recipe));
});
