/** The command line's grammar: a command for every method, `atlas`, and help. */
import { Command } from "commander";
import { methodNames } from "../methods/methods.ts";
import { atlas } from "./atlas.ts";
import { addAtlas } from "./atlas-program.ts";
import { expectCommand, strict } from "./grammar.ts";
import { addMethod } from "./method-command.ts";

/**
 * @param startedAt when the process started, in milliseconds since the epoch
 * @param version of the package
 */
export function buildProgram(startedAt: number, version: string): Command {
  const program = new Command("ascent")
    .description("See what a convolutional network sees: gradient ascent on the image, on WebGPU.")
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this; `ascent COMMAND --help` lists a command's flags")
    .helpCommand("help [command]", "print a command's flags")
    .usage("COMMAND [flags]")
    .addHelpText("after", OVERVIEW);
  expectCommand(strict(program));
  for (const name of methodNames) {
    addMethod(program, name, startedAt);
    // It draws by a recipe too, but into a folder.
    if (name === "render") addAtlas(program, (flags) => atlas(flags, startedAt));
  }
  return program;
}

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
