/** Grammar of `examples`; what it does is in `examples.ts`. */

import type { Command } from "commander";
import { recipeBounds } from "../optvis/recipe.ts";
import type { CommonFlags } from "./flags.ts";
import { addModelFlags, addRunFlags, command } from "./grammar.ts";
import { integer, size } from "./values.ts";

export interface ExamplesFlags extends CommonFlags {
  readonly images: readonly string[];
  readonly objective?: string;
  readonly layer?: string;
  readonly channel?: number;
  readonly top: number;
  readonly size?: readonly [height: number, width: number];
  readonly out: string;
}

export type ExamplesAction = (flags: ExamplesFlags) => Promise<void>;

export function addExamples(program: Command, action: ExamplesAction): void {
  const what =
    "Find the images that excite a channel, a class or a neuron most, and the part of them that does.";
  const target = addModelFlags(command(program, "examples", what, EXAMPLES))
    .optionsGroup("Files:")
    .requiredOption(
      "--images <paths...>",
      "folders of photographs (PNG, JPEG; with their subfolders), photographs, or one .safetensors with `image` F32 [N,3,H,W], RGB 0–1",
    )
    .option(
      "--size <n|hxw>",
      "pixels photographs are cropped and resized to (default: 224, or what the network takes)",
      size("--size", recipeBounds.side),
    )
    .requiredOption(
      "--out <file>",
      ".png (each image with its patch beside it), or .safetensors with `image` F32 [N,3,H,W], `value` [N] and `patch` [N,4] (row, column, height, width)",
    )
    .optionsGroup("Objective (one of):")
    .option("--objective <spec>", "ranks by its value for the whole image; `ascent --help` has the grammar")
    .option("--layer <name>", "with --channel: ranks by the channel's strongest position")
    .option("--channel <n>", "of the layer, from 0", integer("--channel", { least: 0 }))
    .optionsGroup("Method:")
    .option("--top <n>", "how many are kept", integer("--top", { least: 1, most: 1024 }), 9);
  addRunFlags(target).action(action);
}

const EXAMPLES = `  ascent examples --model embedded --images photos/ --objective class:goldfish --size 128 --out goldfish.png
  ascent examples --model vgg19.safetensors --preprocess caffe --images photos/ --layer conv3_4 --channel 17 --out patches.png`;
