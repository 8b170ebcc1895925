/** Grammar of `atlas`; what it does is in `atlas.ts`. */

import { type Command, Option } from "commander";
import { recipeFields } from "../optvis/recipe-fields.ts";
import { channelSettings, classSettings } from "../optvis/recipes.ts";
import type { CommonFlags } from "./flags.ts";
import { addModelFlags, addRunFlags, command } from "./grammar.ts";
import { addRecipeFlags, type RecipeFlags } from "./recipe-flags.ts";
import { type Shard, shard } from "./shard.ts";
import { folder, integer } from "./values.ts";

/** Of a picture, height and width in pixels. */
export const ATLAS_SIZE = [64, 64] as const;

/** Every channel is drawn by itself, and opaque. */
const WITHOUT = ["batch", "share", "alpha"] as const satisfies readonly (keyof RecipeFlags)[];

export interface AtlasFlags extends CommonFlags, Omit<RecipeFlags, (typeof WITHOUT)[number]> {
  readonly layer?: string;
  readonly out: string;
  readonly batch: number;
  readonly shard: Shard;
}

export type AtlasAction = (flags: AtlasFlags) => Promise<void>;

const LEFT_OUT: Readonly<Record<string, string>> = {
  recipe: "default",
  size: `${ATLAS_SIZE[0]}`,
  seed: "0",
  iterations: `the recipe's; of the default one ${channelSettings.iterations}, for classes ${classSettings.iterations}`,
};

export function addAtlas(program: Command, action: AtlasAction): void {
  const what = "Draw every channel of a layer, or of the network, into a folder; goes on where it stopped.";
  const atlas = addModelFlags(command(program, "atlas", what, EXAMPLES))
    .optionsGroup("Atlas:")
    .option("--layer <name>", "whose channels (default: every convolution's)")
    .requiredOption(
      "--out <folder>",
      "one PNG a channel, LAYER/0017.png, and pages to look at them",
      folder("--out"),
    )
    .option("--batch <n>", "channels drawn at once", integer("--batch", recipeFields.batch), 16)
    .addOption(
      new Option(
        "--shard <i/n>",
        "part I (from 0) of N of a layer's channels, for as many machines; copy their folders together",
      )
        .argParser(shard("--shard"))
        .default({ index: 0, count: 1 }, "0/1"),
    );
  const leftOut = (field: string) => `default: ${LEFT_OUT[field] ?? "the recipe's"}`;
  addRecipeFlags(atlas, { leftOut, without: WITHOUT });
  addRunFlags(atlas).action(action);
}

const EXAMPLES = `  ascent atlas --model embedded --layer conv4_2 --out atlas
  ascent atlas --model vgg19.safetensors --preprocess caffe --layer conv3_4 --size 96 --shard 2/8 --out atlas`;
