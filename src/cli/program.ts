/** The command line's grammar: commands, flags, defaults and help. What the commands do is in `actions.ts`. */

import { Command } from "commander";
import { recipeNames } from "../optvis/named-recipes.ts";
import { optimizerKinds, paramKinds, recipeBounds } from "../optvis/recipe.ts";
import { type AtlasAction, addAtlas, type LeftOut } from "./atlas-program.ts";
import { addExamples, type ExamplesAction } from "./examples-program.ts";
import type { BenchFlags, GradientFlags, InfoFlags, RenderFlags } from "./flags.ts";
import { addModelFlags, addObjectiveFlag, addRunFlags, command, expectCommand, strict } from "./grammar.ts";
import { addMade } from "./made-program.ts";
import { addPhotographs, type PhotoActions } from "./photo-program.ts";
import { choice, integer, number, size, transforms } from "./values.ts";

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
  addAtlas(program, addRecipeFlags, actions.atlas);
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
      size("--size", recipeBounds.side),
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
  addRecipeFlags(addObjectiveFlag(addModelFlags(render)), renderLeftOut);
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
      "--batch <n>",
      "images at once, for objectives about several (default: 1)",
      integer("--batch", recipeBounds.batch),
    )
    .option(
      "--share <cycles>",
      "frequencies, in cycles along the longer side, that the images of a batch have in common (default: 0)",
      number("--share", recipeBounds.share),
    )
    .option(
      "--alpha",
      "optimise opacity too, over random backgrounds; subtract `alpha` in the objective for it",
    )
    .option(
      "--draw-size <n|hxw>",
      "pixels at which a CPPN is drawn in the end (default: --size)",
      size("--draw-size", recipeBounds.side),
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

function renderLeftOut(flag: string, plain?: string): string {
  const says = RENDER_LEFT_OUT[flag] ?? (plain && `default: ${plain}`);
  return says ? ` (${says})` : "";
}

/** Pixels are RGB in 0–1 units; so is the learning rate. */
function addRecipeFlags(target: Command, leftOut: LeftOut): Command {
  return target
    .optionsGroup("Picture:")
    .option(
      "--size <n|hxw>",
      `pixels: N square, or height x width${leftOut("size")}`,
      size("--size", recipeBounds.side),
    )
    .option(
      "--iterations <n>",
      `steps of ascent${leftOut("iterations")}`,
      integer("--iterations", recipeBounds.iterations),
    )
    .option(
      "--init <start>",
      `zeros (the mean colour), noise, or a photo (PNG, JPEG), centre-cropped${leftOut("init", "zeros")}`,
    )
    .option("--seed <n>", `of noise and jitter${leftOut("seed", "0")}`, integer("--seed", recipeBounds.seed))
    .option(
      "--recipe <name>",
      `default for tuned settings, ${recipeNames.join(", ")}, or a JSON file; other flags overrule it; simonyan2013 and cs231n were made for class:, yosinski2015 for class: or neuron:${leftOut("recipe")}`,
    )
    .option(
      "--param <kind>",
      `what is optimised: ${paramKinds.join(", ")}${leftOut("param", "pixel")}`,
      choice("--param", paramKinds),
    )
    .option(
      "--transforms <list>",
      `none, standard (Lucid's), or a list: pad:12,crop:8,jitter:4,scale:0.1,rotate:10${leftOut("transforms", "none")}`,
      transforms("--transforms"),
    )
    .option(
      "--standardize",
      `in a .png, show the image around grey with a deviation of 0.15${leftOut("standardize", "no")}`,
    )
    .option("--no-standardize", "do not")
    .optionsGroup("Ascent (in RGB 0–1 units):")
    .option(
      "--optimizer <kind>",
      `${optimizerKinds.join(", ")}${leftOut("optimizer", "rms")}`,
      choice("--optimizer", optimizerKinds),
    )
    .option("--lr <x>", `step size${leftOut("lr", "0.05")}`, number("--lr", recipeBounds.lr))
    .option(
      "--l2 <x>",
      `weight of −Σ(network input)², pulling toward the zero input${leftOut("l2", "0")}`,
      number("--l2", recipeBounds.l2),
    )
    .option(
      "--blur <sigma>",
      `Gaussian blur in pixels${leftOut("blur", "0, none")}`,
      number("--blur", recipeBounds.blur),
    )
    .option(
      "--blur-every <k>",
      `iterations from one blur to the next${leftOut("blur-every")}`,
      integer("--blur-every", recipeBounds.blurEvery),
    )
    .option(
      "--decay <x>",
      `part lost at every step: of pixels counted from the zero input, of what another --param optimises (spectrum, pyramid, weights, phase) from zero${leftOut("decay", "0")}`,
      number("--decay", recipeBounds.decay),
    )
    .option(
      "--blur-gradient <sigma>",
      `Gaussian blur of the gradient in pixels${leftOut("blur-gradient", "0, none")}`,
      number("--blur-gradient", recipeBounds.blurGradient),
    )
    .option(
      "--clip-norm <percent>",
      `pixels set to the zero input after every step, the smallest by norm${leftOut("clip-norm", "0")}`,
      number("--clip-norm", recipeBounds.clipNorm),
    )
    .option(
      "--clip-contribution <percent>",
      `the same by contribution to the objective${leftOut("clip-contribution", "0")}`,
      number("--clip-contribution", recipeBounds.clipContribution),
    )
    .option(
      "--strength <x>",
      `how much of the transforms' amounts is used, 0 to 1${leftOut("strength", "1")}`,
      number("--strength", recipeBounds.strength),
    )
    .option(
      "--jitter <p>",
      `random circular shift of up to P pixels${leftOut("jitter", "0")}`,
      integer("--jitter", recipeBounds.jitter),
    )
    .option(
      "--coarse <n>",
      `iterations, the first ones, at half the size; of pixels alone, and not from a photo${leftOut("coarse", "0")}`,
      integer("--coarse", recipeBounds.coarse),
    )
    .option("--clamp", `clamp RGB to 0–1 after each update${leftOut("clamp", "no")}`)
    .option("--no-clamp", "do not")
    .option(
      "--redirect <on|off>",
      `let a ReLU's gradient pass where all of it would vanish, in the first 16 steps${leftOut("redirect", "on")}`,
      choice("--redirect", ["on", "off"]),
    );
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
      size("--size", recipeBounds.side),
    )
    .option("--batch <n>", "images at once", integer("--batch", recipeBounds.batch), 1)
    .option(
      "--iterations <n>",
      "the first one is not timed",
      integer("--iterations", { ...recipeBounds.iterations, least: 1 }),
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
