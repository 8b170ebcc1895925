/** Grammar of the commands that make an image of a photograph: `invert`, `caricature`, `dream`, `grid`. */

import type { Command } from "commander";
import { dreamDefaults } from "../methods/dream.ts";
import { gridDefaults } from "../methods/grid.ts";
import { reconstructDefaults, reconstructParams } from "../methods/reconstruct.ts";
import { recipeBounds } from "../optvis/recipe.ts";
import { addRunFlags } from "./grammar.ts";
import type { DreamFlags, GridFlags, ReconstructFlags } from "./photo-flags.ts";
import { IMAGE_OUT, type PhotoActions, photograph } from "./photo-program.ts";
import { choice, integer, number } from "./values.ts";

const { iterations: ITERATIONS, lr: LR, jitter: JITTER, seed: SEED } = recipeBounds;
/** Of the cosine. */
const POWER = { least: 0, most: 16 };

/** Adds the four commands. */
export function addMade(program: Command, actions: PhotoActions): void {
  addReconstruct(program, actions);
  addDream(program, actions);
  addGrid(program, actions);
}

function addReconstruct(program: Command, actions: PhotoActions): void {
  const invert = layered(program, "invert", "Find an image whose activation of a layer is the photograph's.");
  addRunFlags(reconstructFlags(invert, "invert")).action((flags: ReconstructFlags) =>
    actions.reconstruct("invert", flags),
  );
  const what = "Exaggerate what a layer sees in a photograph: dot × cosᵖ with its activation.";
  const caricature = reconstructFlags(layered(program, "caricature", what), "caricature")
    .option(
      "--power <p>",
      `P of cosᵖ (default: ${reconstructDefaults.caricature.power})`,
      number("--power", POWER),
    )
    .option(
      "--jitter <p>",
      `random circular shift of up to P pixels (default: ${reconstructDefaults.caricature.jitter})`,
      integer("--jitter", JITTER),
    );
  addRunFlags(caricature).action((flags: ReconstructFlags) => actions.reconstruct("caricature", flags));
}

function layered(program: Command, name: string, what: string): Command {
  return photograph(program, name, what, "--layer relu3_2", IMAGE_OUT)
    .optionsGroup("Method:")
    .requiredOption("--layer <name>", "whose activation; `ascent info` lists the layers");
}

function reconstructFlags(target: Command, method: "invert" | "caricature"): Command {
  const { iterations, lr, tv, seed } = reconstructDefaults[method];
  return target
    .option(
      "--param <kind>",
      `what is optimised: ${reconstructParams.join(", ")}; other than pixels by Adam (default: pixel)`,
      choice("--param", reconstructParams),
    )
    .option(
      "--iterations <n>",
      `steps${method === "invert" ? " of Adam" : ""} (default: ${iterations})`,
      integer("--iterations", ITERATIONS),
    )
    .option("--lr <x>", `step size in RGB 0–1 units (default: ${lr})`, number("--lr", LR))
    .option(
      "--tv <x>",
      `weight of total variation, against an objective of about 1 (default: ${tv})`,
      number("--tv", { least: 0, most: 1e9 }),
    )
    .option("--seed <n>", `of the noise it starts from (default: ${seed})`, integer("--seed", SEED));
}

function addDream(program: Command, actions: PhotoActions): void {
  const { octaves, scale, iterations, jitter, seed } = dreamDefaults;
  const what = "DeepDream: make more of what a layer sees in a photograph, coarse to fine.";
  const target = photograph(program, "dream", what, "--layer relu4_2", IMAGE_OUT)
    .optionsGroup("Objective (one of):")
    .option("--layer <name>", "the mean of squares of a layer")
    .option("--objective <spec>", "anything else; `ascent --help` has the grammar")
    .optionsGroup("Method:")
    .option("--octaves <n>", `sizes (default: ${octaves})`, integer("--octaves", { least: 1, most: 32 }))
    .option(
      "--octave-scale <x>",
      `from one size to the next (default: ${scale})`,
      number("--octave-scale", { least: 1.01, most: 16 }),
    )
    .option(
      "--iterations <n>",
      `steps of each octave (default: ${iterations})`,
      integer("--iterations", ITERATIONS),
    )
    .option(
      "--lr <x>",
      "step over the mean |gradient|, in RGB 0–1 units (default: 1.5/255)",
      number("--lr", LR),
    )
    .option(
      "--jitter <p>",
      `random circular shift of up to P pixels (default: ${jitter})`,
      integer("--jitter", JITTER),
    )
    .option("--seed <n>", `of the shifts (default: ${seed})`, integer("--seed", SEED));
  addRunFlags(target).action((flags: DreamFlags) => actions.dream(flags));
}

function addGrid(program: Command, actions: PhotoActions): void {
  const { cells, cell, iterations, power, batch, seed } = gridDefaults;
  const what = "Activation grid: draw what a layer sees at every place of a photograph.";
  const target = layered(program, "grid", what)
    .option(
      "--cells <n>",
      `cells along the longer side, at most one a position (default: ${cells})`,
      integer("--cells", { least: 1, most: 256 }),
    )
    .option(
      "--cell <n>",
      `side of a cell in pixels (default: ${cell})`,
      integer("--cell", { least: 8, most: 1024 }),
    )
    .option(
      "--iterations <n>",
      `steps of each cell (default: ${iterations})`,
      integer("--iterations", ITERATIONS),
    )
    .option("--power <p>", `P of dot × cosᵖ (default: ${power})`, number("--power", POWER))
    .option("--batch <n>", `cells drawn at once (default: ${batch})`, integer("--batch", recipeBounds.batch))
    .option("--seed <n>", `of the jitter (default: ${seed})`, integer("--seed", SEED));
  addRunFlags(target).action((flags: GridFlags) => actions.grid(flags));
}
