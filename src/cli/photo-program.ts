/** Grammar of the commands that start from a photograph. What they do is in `photo-actions.ts`. */

import type { Command } from "commander";
import { type AttributionMethod, attributionDefaults } from "../methods/attribution.ts";
import { foolDefaults } from "../methods/fool.ts";
import { recipeBounds } from "../optvis/recipe.ts";
import { addModelFlags, addObjectiveFlag, addRunFlags, command } from "./grammar.ts";
import type { AttributionFlags, DreamFlags, FoolFlags, GridFlags, ReconstructFlags } from "./photo-flags.ts";
import { integer, number, size } from "./values.ts";

export interface PhotoActions {
  attribution(method: AttributionMethod, flags: AttributionFlags): Promise<void>;
  fool(flags: FoolFlags): Promise<void>;
  reconstruct(method: "invert" | "caricature", flags: ReconstructFlags): Promise<void>;
  dream(flags: DreamFlags): Promise<void>;
  grid(flags: GridFlags): Promise<void>;
}

export const IMAGE_OUT = ".png, or .safetensors with `image` F32 [1,3,H,W], RGB 0–1";
const MAP_OUT = ".png, or .safetensors with `map` F32 [1,1,H,W] and `gradient` [1,3,H,W]";

export function addPhotographs(program: Command, actions: PhotoActions): void {
  addSaliency(program, actions);
  addGuided(program, actions);
  addSmoothgrad(program, actions);
  addIntegrated(program, actions);
  addGradcam(program, actions);
  addFool(program, actions);
}

/** A command that is given a photograph and writes something. @param rest flags of its example */
export function photograph(
  program: Command,
  name: string,
  description: string,
  rest: string,
  out: string,
): Command {
  const target = command(program, name, description, example(name, rest));
  return addModelFlags(target)
    .optionsGroup("Files:")
    .requiredOption(
      "--image <file>",
      "a photograph (PNG, JPEG), or .safetensors with `image` F32 [1,3,H,W], RGB 0–1",
    )
    .option(
      "--size <n|hxw>",
      "pixels a photograph is cropped and resized to (default: 224, or what the network takes)",
      size("--size", recipeBounds.side),
    )
    .requiredOption("--out <file>", out);
}

function example(name: string, rest: string): string {
  return `  ascent ${name} --model embedded --image photo.jpg --size 128 ${rest} --out ${name}.png`;
}

function addSaliency(program: Command, actions: PhotoActions): void {
  const what = "Show which pixels an objective depends on: max over colours of |gradient|.";
  const target = photograph(program, "saliency", what, "--objective class:goldfish", MAP_OUT);
  addRunFlags(addObjectiveFlag(target)).action((flags: AttributionFlags) =>
    actions.attribution("saliency", flags),
  );
}

function addGuided(program: Command, actions: PhotoActions): void {
  const what = "Guided backpropagation: a saliency map that follows positive gradients alone.";
  const target = photograph(program, "guided", what, "--objective class:goldfish", MAP_OUT);
  addRunFlags(addObjectiveFlag(target)).action((flags: AttributionFlags) =>
    actions.attribution("guided", flags),
  );
}

function addSmoothgrad(program: Command, actions: PhotoActions): void {
  const what = "SmoothGrad: the saliency map of the mean gradient of noisy copies.";
  const { samples, sigma, seed } = attributionDefaults;
  const target = photograph(program, "smoothgrad", what, "--objective class:goldfish --samples 20", MAP_OUT);
  addObjectiveFlag(target)
    .optionsGroup("Method:")
    .option(
      "--samples <n>",
      `noisy copies (default: ${samples})`,
      integer("--samples", { least: 1, most: 1e6 }),
    )
    .option(
      "--sigma <x>",
      `standard deviation of the noise in RGB 0–1 units (default: ${sigma})`,
      number("--sigma", { least: 0, most: 100 }),
    )
    .option("--seed <n>", `of the noise (default: ${seed})`, integer("--seed", recipeBounds.seed));
  addRunFlags(target).action((flags: AttributionFlags) => actions.attribution("smoothgrad", flags));
}

function addIntegrated(program: Command, actions: PhotoActions): void {
  const what =
    "Integrated gradients from the network's zero input to the image; the map keeps its sign and adds up to the objective's change.";
  const target = photograph(program, "integrated", what, "--objective class:goldfish --steps 20", MAP_OUT);
  addObjectiveFlag(target)
    .optionsGroup("Method:")
    .option(
      "--steps <n>",
      `points on the path, midpoint rule (default: ${attributionDefaults.steps})`,
      integer("--steps", { least: 1, most: 1e6 }),
    );
  addRunFlags(target).action((flags: AttributionFlags) => actions.attribution("integrated", flags));
}

function addGradcam(program: Command, actions: PhotoActions): void {
  const what = "Grad-CAM: the places of a layer that speak for an objective.";
  const out =
    ".png (over the photograph), or .safetensors with `map` F32 [1,1,H,W] and `cam` at the layer's size";
  const target = photograph(program, "gradcam", what, "--objective class:goldfish --layer relu4_2", out);
  addObjectiveFlag(target).option(
    "--layer <name>",
    "whose places (default: the ReLU of the last convolution that the objective needs, or that convolution where the objective is of it)",
  );
  addRunFlags(target).action((flags: AttributionFlags) => actions.attribution("gradcam", flags));
}

function addFool(program: Command, actions: PhotoActions): void {
  const what = "Change a photograph until the network takes it for a class.";
  const target = photograph(program, "fool", what, "--objective class:pizza", IMAGE_OUT);
  addObjectiveFlag(target)
    .optionsGroup("Method:")
    .option(
      "--lr <x>",
      `length of a step along the gradient, in RGB 0–1 units (default: ${foolDefaults.lr})`,
      number("--lr", recipeBounds.lr),
    )
    .option(
      "--iterations <n>",
      `steps after which it gives up (default: ${foolDefaults.iterations})`,
      integer("--iterations", recipeBounds.iterations),
    );
  addRunFlags(target).action((flags: FoolFlags) => actions.fool(flags));
}
