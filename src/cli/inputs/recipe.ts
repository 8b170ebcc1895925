/** Methods that are given a whole recipe. */
import { transformedSize } from "../../engine/plan/transform-chain.ts";
import { InputError } from "../../errors.ts";
import type { Size } from "../../model/network.ts";
import { parseObjective } from "../../optvis/objective.ts";
import { fitTransparent } from "../../optvis/picture.ts";
import type { Recipe } from "../../optvis/recipe.ts";
import { transformsOf } from "../../optvis/transforms/transforms.ts";
import { checkBatch } from "../batch-check.ts";
import { readInput } from "../files.ts";
import { type RenderFlags, renderRecipe } from "../flags.ts";
import { addRecipeObjectiveFlag } from "../grammar.ts";
import { readTarget, shownOnWhite } from "../images.ts";
import { readPicture } from "../pictures.ts";
import { addRecipeFlags } from "../recipe-flags.ts";
import { checkObjective, GIVE_TARGET, remark, weightsOf, withNetwork } from "../running.ts";
import { TARGET } from "./images.ts";
import {
  addOut,
  addSettings,
  type Call,
  expectOut,
  givenSettings,
  type InputKind,
  runMethod,
} from "./input.ts";

/** A recipe has no size and number of steps of its own here. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  size: "required, but for a --recipe that is a file",
  iterations: "default: the recipe's; required without one",
};

export const recipeInput: InputKind = {
  addFlags(target, method) {
    const leftOut = (field: string, plain?: string) => LEFT_OUT[field] ?? (plain && `default: ${plain}`);
    addRecipeFlags(addRecipeObjectiveFlag(target), { leftOut });
    target
      .optionsGroup("Objective:")
      .option("--target <file>", `${TARGET} (default: the photo of --init)`)
      .optionsGroup("Picture:");
    addSettings(target, method);
    addOut(target, method);
  },
  async act(call: Call<RenderFlags & { readonly drawSize?: Size }>) {
    const { method, flags } = call;
    await expectOut(call);
    const weights = await weightsOf(flags);
    const recipe = await withNetwork(flags.model, weights, async (model) => {
      const asked = await renderRecipe(flags, model.preprocess);
      const hasPhoto = flags.target !== undefined || asked.init === "photo";
      const seen = transformedSize(transformsOf(asked), asked.size);
      checkObjective(model, asked.objective, seen, hasPhoto ? undefined : GIVE_TARGET);
      checkBatch(parseObjective(asked.objective, model.network), asked.batch);
      return asked;
    });
    const photo = recipe.init === "photo" ? { photo: await startPhoto(flags.init, recipe) } : {};
    const target = flags.target === undefined ? {} : { target: await readTarget(flags.target, recipe.size) };
    if (flags.drawSize && recipe.param !== "cppn") {
      throw new InputError(`--draw-size: expected --param cppn with it, got ${recipe.param}`, {
        remedy: "the others are of one size: use --size",
      });
    }
    await runMethod(call, weights, { recipe, ...photo, ...target, ...givenSettings(method, flags) });
  },
};

/** RGB, or with an alpha channel RGBA; without one, what is transparent is shown on white, and that is said. */
async function startPhoto(path: string | undefined, { alpha, size }: Recipe): Promise<Float32Array> {
  if (path === undefined) {
    throw new InputError("--init: the recipe starts from a photo, got none", {
      remedy: "give its path: --init PHOTO",
    });
  }
  const starts = "an ascent starts from zeros, noise, or a photograph by its path";
  const picture = await readPicture(await readInput(path, "--init", starts), path, "--init");
  if (alpha) return fitTransparent(picture, size);
  const tell = (text: string): void => remark(`${text}; --alpha keeps its opacity`);
  return shownOnWhite(picture, size, `--init: ${path}`, tell);
}
