/** The command line's grammar: a command for every method, `convert`, `models`, `atlas`, and help. */
import { Command } from "commander";
import { methodNames } from "../methods/methods.ts";
import { atlas } from "./atlas.ts";
import { addAtlas } from "./atlas-program.ts";
import { addConvert } from "./convert.ts";
import { readDirections } from "./direction-file.ts";
import { expectCommand, strict } from "./grammar.ts";
import { addMethod } from "./method-command.ts";
import { addModels } from "./models.ts";
import { objectiveHelp } from "./objective-help.ts";

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
  program.hook("preAction", readDirections);
  for (const name of methodNames) {
    addMethod(program, name, startedAt);
    // It draws by a recipe too, but into a folder.
    if (name === "info") {
      addConvert(program);
      addModels(program);
    }
    if (name === "render") addAtlas(program, (flags) => atlas(flags, startedAt));
  }
  return program;
}

const OVERVIEW = `
\x1b[1mObjectives:\x1b[22m
${objectiveHelp()}

\x1b[1mTry:\x1b[22m
  ascent info   --model embedded
  ascent render --model embedded --objective class:goldfish --size 128 --recipe default --out goldfish.png

Bad input: one line on stderr and exit code 2.`;
