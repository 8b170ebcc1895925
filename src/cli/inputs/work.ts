/** Methods that measure plain ascent. */
import { InputError } from "../../errors.ts";
import type { Size } from "../../model/network.ts";
import { benchRecipe } from "../../optvis/recipe.ts";
import { recipeFields } from "../../optvis/recipe-fields.ts";
import { addObjectiveFlag } from "../grammar.ts";
import { checkObjective, NO_TARGET, weightsOf, withNetwork } from "../running.ts";
import { integer, size } from "../values.ts";
import { addSettings, type Call, givenSettings, type InputKind, runMethod } from "./input.ts";

interface WorkFlags {
  readonly objective: string;
  readonly size: Size;
  readonly batch: number;
  readonly iterations: number;
  readonly tune?: true;
}

/** The first iteration is not timed. */
const ITERATIONS = { ...recipeFields.iterations, least: 1 };

export const workInput: InputKind = {
  addFlags(target, method) {
    addObjectiveFlag(target)
      .optionsGroup("Work:")
      .requiredOption(
        "--size <n|hxw>",
        "pixels: N square, or height x width",
        size("--size", recipeFields.size),
      )
      .option("--batch <n>", "images at once", integer("--batch", recipeFields.batch), 1)
      .option("--iterations <n>", "the first one is not timed", integer("--iterations", ITERATIONS), 20);
    addSettings(target, method);
  },
  async act(call: Call<WorkFlags>) {
    const { method, flags } = call;
    const { objective, size, batch, iterations, tune, runtime } = flags;
    const weights = await weightsOf(flags);
    const recipe = { ...benchRecipe, objective, size, batch, iterations };
    const options = { recipe, ...givenSettings(method, flags) };
    await withNetwork(flags.model, weights, (model) => {
      checkObjective(model, objective, size, NO_TARGET);
      method.check?.(model, options);
    });
    if (tune && runtime !== "dawn") {
      throw new InputError(`--tune: times kernels on dawn, got --runtime ${runtime}`, {
        remedy: "for a browser, open the page with ?bench in it",
      });
    }
    await runMethod(call, weights, options);
  },
};
