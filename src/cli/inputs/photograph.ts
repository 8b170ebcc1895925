/** Methods that are given one photograph. */
import type { Command } from "commander";
import { fitOf } from "../../methods/classify.ts";
import { usualSize } from "../../methods/info.ts";
import { inNetworksColours, onePhoto } from "../../methods/shared/image.ts";
import type { Size } from "../../model/network.ts";
import { recipeFields } from "../../optvis/recipe-fields.ts";
import { readImageOrPhoto } from "../images.ts";
import { checkObjective, NO_TARGET, weightsOf, withNetwork } from "../running.ts";
import { type SubjectFlags, subjectOf } from "../subjects.ts";
import { size } from "../values.ts";
import {
  addOut,
  addSettings,
  type Call,
  expectOut,
  givenSettings,
  type InputKind,
  runMethod,
} from "./input.ts";

interface PhotographFlags extends SubjectFlags {
  readonly image: string;
  readonly size?: Size;
}

export const photographInput: InputKind = {
  addFlags(target, method) {
    target
      .optionsGroup("Files:")
      .requiredOption(
        "--image <file>",
        "a photograph (PNG, JPEG, WebP, AVIF), or .safetensors with `image` F32 [1,3,H,W], RGB 0–1",
      );
    addPhotoSize(target, "a photograph is");
    addOut(target, method);
    if (method.subject !== "none") subjectOf(method).addFlags(target);
    addSettings(target.optionsGroup("Method:"), method);
  },
  async act(call: Call<PhotographFlags>) {
    const { method, flags } = call;
    const subject = method.subject === "none" ? undefined : subjectOf(method);
    const asked = subject?.read(flags);
    await expectOut(call);
    const weights = await weightsOf(flags);
    const options = await withNetwork(flags.model, weights, async (model) => {
      const read = await readImageOrPhoto(flags.image, flags.size, usualSize(model.network), {
        fit: fitOf(method),
      });
      const { image } = inNetworksColours(model, { image: read });
      const given = { ...asked, image, ...givenSettings(method, flags) };
      const objective = subject?.objectiveOf(flags, model.network);
      if (objective !== undefined) checkObjective(model, objective, onePhoto(image), NO_TARGET);
      method.check?.(model, given);
      return given;
    });
    await runMethod(call, weights, options);
  },
};

/** @param what is cropped and resized */
export function addPhotoSize(target: Command, what: string): Command {
  const help = `pixels ${what} cropped and resized to (default: 224, or what the network takes)`;
  return target.option("--size <n|hxw>", help, size("--size", recipeFields.size));
}
