/** The command line's grammar: commands, flags, defaults and help. What the commands do is in `actions.ts`. */

import { Command } from "commander";
import { recipeFields } from "../optvis/recipe-fields.ts";
import { type AtlasAction, addAtlas } from "./atlas-program.ts";
import { addExamples, type ExamplesAction } from "./examples-program.ts";
import type { BenchFlags, GradientFlags, InfoFlags, RenderFlags } from "./flags.ts";
import { addModelFlags, addObjectiveFlag, addRunFlags, command, expectCommand, strict } from "./grammar.ts";
import { addMade } from "./made-program.ts";
import { addPhotographs, type PhotoActions } from "./photo-program.ts";
import { addRecipeFlags } from "./recipe-flags.ts";
import { integer, number, size } from "./values.ts";

export interface Actions {
  info(flags: InfoFlags): Promise<void>;
  gradient(flags: GradientFlags): Promise<void>;
  render(flags: RenderFlags): Promise<void>;
  bench(flags: BenchFlags): Promise<void>;
  readonly atlas: AtlasAction;
  readonly examples: ExamplesAction;
  readonly photographs: PhotoActions;
}

/** @param version of the package */
export function buildProgram(actions: Actions, version: string): Command {
  const program = new Command("ascent")
    .description("See what a convolutional network sees: gradient ascent on the image, on WebGPU.")
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this; `ascent COMMAND --help` lists a command's flags")
    .helpCommand("help [command]", "print a command's flags")
    .usage("COMMAND [flags]")
    .addHelpText("after", OVERVIEW);
  expectCommand(strict(program));
  addInfo(program, actions);
  addGradient(program, actions);
  addRender(program, actions);
  addAtlas(program, actions.atlas);
  addPhotographs(program, actions.photographs);
  addMade(program, actions.photographs);
  addExamples(program, actions.examples);
  addBench(program, actions);
  return program;
}

function addInfo(program: Command, actions: Actions): void {
  const info = command(program, "info", "List a network's layers and classes.", INFO_EXAMPLES);
  addRunFlags(
    addModelFlags(info).option(
      "--size <n|hxw>",
      "input size in pixels that shapes are for",
      size("--size", recipeFields.size),
    ),
  );
  info.action((flags: InfoFlags) => actions.info(flags));
}

function addGradient(program: Command, actions: Actions): void {
  const gradient = command(
    program,
    "gradient",
    "Compute an objective's exact gradient with respect to given images.",
    GRADIENT_EXAMPLES,
  );
  addObjectiveFlag(addModelFlags(gradient))
    .option("--target <file>", TARGET)
    .optionsGroup("Files:")
    .requiredOption("--image <file>", ".safetensors with `image`, F32 [N,3,H,W], RGB 0–1")
    .requiredOption("--out <file>", ".safetensors with `objective` [N] and `gradient` [N,3,H,W]");
  addRunFlags(gradient).action((flags: GradientFlags) => actions.gradient(flags));
}

function addRender(program: Command, actions: Actions): void {
  const render = command(program, "render", "Draw what maximises an objective.", RENDER_EXAMPLES);
  addRecipeFlags(addObjectiveFlag(addModelFlags(render)), { leftOut: renderLeftOut });
  render
    .optionsGroup("Objective:")
    .option("--target <file>", `${TARGET} (default: the photo of --init)`)
    .optionsGroup("Picture:")
    .option(
      "--until <eps>",
      "stop when the objective's relative gain over 20 iterations falls below this, looked at every 20",
      number("--until", { least: 0 }),
    )
    .option(
      "--draw-size <n|hxw>",
      "pixels at which a CPPN is drawn in the end (default: --size)",
      size("--draw-size", recipeFields.size),
    )
    .requiredOption(
      "--out <file>",
      ".png (clamped to 0–1, 8 bits; a batch in rows of ⌈√N⌉) or .safetensors (`image` F32 [N,3,H,W], unclamped, `alpha` [N,1,H,W])",
    );
  addRunFlags(render).action((flags: RenderFlags) => actions.render(flags));
}

/** `render` has no size and number of steps of its own. */
const RENDER_LEFT_OUT: Readonly<Record<string, string>> = {
  size: "required, but for a --recipe that is a file",
  iterations: "default: the recipe's; required without one",
};

function renderLeftOut(field: string, plain?: string): string | undefined {
  return RENDER_LEFT_OUT[field] ?? (plain && `default: ${plain}`);
}

function addBench(program: Command, actions: Actions): void {
  const bench = command(
    program,
    "bench",
    "Measure speed and memory of plain ascent, from noise.",
    BENCH_EXAMPLES,
  );
  addObjectiveFlag(addModelFlags(bench))
    .optionsGroup("Work:")
    .requiredOption(
      "--size <n|hxw>",
      "pixels: N square, or height x width",
      size("--size", recipeFields.size),
    )
    .option("--batch <n>", "images at once", integer("--batch", recipeFields.batch), 1)
    .option(
      "--iterations <n>",
      "the first one is not timed",
      integer("--iterations", { ...recipeFields.iterations, least: 1 }),
      20,
    )
    .option("--profile", "measure what the adapter can do, and each kernel against it")
    .option("--kernels <pins>", "convolution kernels: VARIANT, or LAYER[.forward|.backward]=VARIANT, …")
    .option("--tune", "time the kernels on this device afterwards; the next start takes the fastest (dawn)");
  addRunFlags(bench).action((flags: BenchFlags) => actions.bench(flags));
}

/** Of `--target`. */
const TARGET = "what caricature, invert and style compare with: a photo, or .safetensors with `image`";

const OVERVIEW = `
\x1b[1mObjectives:\x1b[22m
  class:goldfish  class:17  class:"school bus"    a class's score before softmax
  channel:conv3_4:17                              mean of a channel over its positions
  neuron:conv3_4:17  neuron:conv3_4:17:5,9        one unit: the centre one, or at row 5, column 9
  layer:conv3_4                                   mean of squares of a whole layer
  'channel:conv2_1:5 - 0.5*channel:conv1_2:3'     sums, differences and multiples
  channel:conv3_4:17:border=2  layer:conv3_4:border=1    a mean without the outermost positions
  channel:conv3_4:0..15  interpolate:conv3_4:3,9  another channel for each image of a batch
  direction:conv3_4:3=1,17=-0.5^2                 dot × cos² along a direction in channel space
  caricature:conv3_4^1  invert:conv3_4  style:conv2_1    compared with a photograph
  'class:goldfish - 10*alpha'                     opacity has its price, with --alpha
  'channel:conv3_4:0..3 + diversity:conv3_1 - 0.01*tv[0]' likeness and penalties; [0] for image 0 alone

\x1b[1mTry:\x1b[22m
  ascent info   --model embedded
  ascent render --model embedded --objective class:goldfish --size 128 --recipe default --out goldfish.png

Bad input: one line on stderr and exit code 2.`;

const INFO_EXAMPLES = `  ascent info --model embedded
  ascent info --model vgg16.safetensors --preprocess imagenet --size 224 --json`;

const GRADIENT_EXAMPLES =
  "  ascent gradient --model embedded --objective class:3 --image in.safetensors --out out.safetensors";

const RENDER_EXAMPLES = `  ascent render --model embedded --objective class:goldfish --size 128 --recipe default --out goldfish.png
  ascent render --model vgg19.safetensors --preprocess caffe --objective channel:conv3_4:17 --size 96x128 \\
    --iterations 200 --lr 0.02 --jitter 4 --clamp --out texture.png`;

const BENCH_EXAMPLES = `  ascent bench --model embedded --objective class:goldfish --size 128 --profile
  ascent bench --model embedded --objective channel:relu3_1:7 --size 64 --json
  ascent bench --model embedded --objective class:0 --size 128 --batch 4 --runtime firefox`;
