/** Grammar of `atlas`; what it does is in `atlas.ts`. */

import type { Command } from "commander";
import { recipeBounds } from "../optvis/recipe.ts";
import type { RenderFlags } from "./flags.ts";
import { addModelFlags, addRunFlags, command } from "./grammar.ts";
import { type Shard, shard } from "./shard.ts";
import { integer } from "./values.ts";

export interface AtlasFlags extends Omit<RenderFlags, "objective"> {
  readonly layer?: string;
  readonly batch: number;
  readonly shard: Shard;
}

export type AtlasAction = (flags: AtlasFlags) => Promise<void>;

/** @param addRecipeFlags the flags of `render` that make a recipe */
export function addAtlas(
  program: Command,
  addRecipeFlags: (target: Command) => Command,
  action: AtlasAction,
): void {
  const what = "Draw every channel of a layer, or of the network, into a folder; goes on where it stopped.";
  const atlas = addModelFlags(command(program, "atlas", what, EXAMPLES))
    .optionsGroup("Atlas:")
    .option("--layer <name>", "whose channels (default: every convolution's)")
    .requiredOption("--out <folder>", "one PNG a channel, LAYER/0017.png, and pages to look at them")
    .option("--batch <n>", "channels drawn at once", integer("--batch", recipeBounds.batch), 16)
    .option(
      "--shard <i/n>",
      "part I (from 0) of N of the channels, for as many machines; copy their folders together",
      shard("--shard"),
      { index: 0, count: 1 },
    );
  addRunFlags(addRecipeFlags(atlas)).action(action);
}

const EXAMPLES = `  ascent atlas --model embedded --layer conv4_2 --out atlas
  ascent atlas --model vgg19.safetensors --preprocess caffe --layer conv3_4 --size 96 --shard 2/8 --out atlas`;
