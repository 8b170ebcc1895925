/** Methods that are given images as tensors. */

import { imageSize } from "../../methods/shared/image.ts";
import type { Size } from "../../model/network.ts";
import { readImage, readTarget } from "../images.ts";
import { checkObjective, GIVE_TARGET, weightsOf, withNetwork } from "../running.ts";
import { subjects } from "../subjects.ts";
import {
  addOut,
  addSettings,
  type Call,
  expectOut,
  givenSettings,
  type InputKind,
  runMethod,
} from "./input.ts";

/** Of `--target`. */
export const TARGET = "what caricature, invert and style compare with: a photo, or .safetensors with `image`";

interface ImagesFlags {
  readonly image: string;
  readonly objective: string;
  readonly target?: string;
}

export const imagesInput: InputKind = {
  addFlags(target, method) {
    subjects.objective
      .addFlags(target)
      .option("--target <file>", TARGET)
      .optionsGroup("Files:")
      .requiredOption("--image <file>", ".safetensors with `image`, F32 [N,3,H,W], RGB 0–1");
    addOut(target, method);
    addSettings(target.optionsGroup("Method:"), method);
  },
  async act(call: Call<ImagesFlags>) {
    const { method, flags } = call;
    await expectOut(call);
    const image = await readImage(flags.image);
    const size = imageSize(image.shape).slice(1) as unknown as Size;
    const weights = await weightsOf(flags);
    const noPhoto = flags.target === undefined ? GIVE_TARGET : undefined;
    await withNetwork(flags.model, weights, (model) => checkObjective(model, flags.objective, size, noPhoto));
    const target = flags.target === undefined ? {} : { target: await readTarget(flags.target, size) };
    const { objective } = flags;
    await runMethod(call, weights, { objective, image, ...target, ...givenSettings(method, flags) });
  },
};
