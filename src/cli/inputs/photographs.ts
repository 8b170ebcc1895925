/** Methods that rank many photographs; how they are read some at a time is in `examples.ts`. */
import { type ExamplesFlags, examples } from "../examples.ts";
import { subjectOf } from "../subjects.ts";
import { addSettings, type Call, type InputKind } from "./input.ts";
import { addPhotoSize } from "./photograph.ts";

export const photographsInput: InputKind = {
  addFlags(target, method) {
    target
      .optionsGroup("Files:")
      .requiredOption(
        "--images <paths...>",
        "folders of photographs (PNG, JPEG, WebP, AVIF; with their subfolders), photographs, or one .safetensors with `image` F32 [N,3,H,W], RGB 0–1",
      );
    addPhotoSize(target, "photographs are").requiredOption(
      "--out <file>",
      ".png (each image with its patch beside it), or .safetensors with `image` F32 [N,3,H,W], `value` [N] and `patch` [N,4] (row, column, height, width)",
    );
    subjectOf(method).addFlags(target);
    addSettings(target.optionsGroup("Method:"), method);
  },
  act: ({ flags, startedAt }: Call<ExamplesFlags>) => examples(flags, startedAt),
};
