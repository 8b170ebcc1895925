/** What the command line's commands have in common: strict parsing, the look of help, shared flags. */

import { type Command, type CommanderError, Help, Option } from "commander";
import { InputError } from "../errors.ts";
import { type ReadingField, readingFieldNames, readingFields } from "../model/reading.ts";
import { dashed } from "../optvis/field.ts";
import { choice } from "./values.ts";

/** Errors are thrown instead of printed; help has the look of `styles`. */
export function strict(command: Command): Command {
  return command
    .exitOverride((error) => {
      if (error.exitCode === 0) throw error;
      throw asInputError(error, command);
    })
    .configureOutput({ writeErr: () => {} })
    .configureHelp(styles);
}

/** Commander's message is `error: …`, with a suggestion on a second line. */
function asInputError(error: CommanderError, command: Command): InputError {
  const remedy = command.parent
    ? `\`ascent ${command.name()} --help\` lists the flags`
    : "`ascent --help` lists the commands";
  return new InputError(error.message.replace(/^error: /, ""), { cause: error, remedy });
}

/** Commander prints help before it looks whether there is such a command. */
export function expectCommand(program: Command): void {
  program.on("beforeAllHelp", () => {
    const words = program.args[0] === "help" ? program.args.slice(1) : program.args;
    const [word] = words.filter((one) => !one.startsWith("-"));
    const known = word === undefined || program.commands.some((command) => command.name() === word);
    if (!known) program.error(`error: unknown command '${word}'`);
  });
}

const styles: Partial<Help> = {
  helpWidth: 100,
  subcommandTerm: (command) => command.name(),
  optionDescription: (option) => {
    const text = new Help().optionDescription(option);
    return option.mandatory ? `${text} (required)` : text;
  },
  styleTitle: (text) => `\x1b[1m${text}\x1b[22m`,
  styleCommandText: (text) => `\x1b[36m${text}\x1b[39m`,
  styleSubcommandText: (text) => `\x1b[36m${text}\x1b[39m`,
  styleOptionText: (text) => `\x1b[36m${text}\x1b[39m`,
};

export function command(parent: Command, name: string, description: string, examples: string): Command {
  return strict(parent.command(name))
    .description(description)
    .usage("[flags]")
    .addHelpText("after", `\n\x1b[1mExamples:\x1b[22m\n${examples}`);
}

/** Messages name the flag. */
function readingFlag(field: ReadingField): (text: string) => unknown {
  return (text) => {
    try {
      return readingFields[field].read(text);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      throw new InputError(`--${error.message}`, { cause: error, remedy: error.remedy ?? "" });
    }
  };
}

export function addModelFlags(target: Command): Command {
  target
    .optionsGroup("Network:")
    .requiredOption(
      "--model <file>",
      "weights (.safetensors, .pth, .npz …), https://…, hf:OWNER/NAME, a name of `ascent models`, or `embedded`",
    );
  return addReadingFlags(target);
}

/** How the file is to be read. */
export function addReadingFlags(target: Command): Command {
  for (const field of readingFieldNames) {
    const { placeholder, help } = readingFields[field];
    target.option(`--${dashed(field)} <${placeholder}>`, help, readingFlag(field));
  }
  target.option(
    "--classes <file>",
    "names of the classes, a line each or JSON; from the weights where they say them, else from classes.txt beside them",
  );
  target.option("--offline", "ask no server: open an address from the cache");
  return target;
}

export function addRunFlags(target: Command): Command {
  return target
    .optionsGroup("Run:")
    .addOption(
      new Option(
        "--runtime <where>",
        "dawn (in this process), chromium or firefox (installed on this machine)",
      )
        .argParser(choice("--runtime", ["dawn", "chromium", "firefox"]))
        .default("dawn", "dawn"),
    )
    .option("--json", "print one line of JSON");
}

export function addObjectiveFlag(target: Command): Command {
  return target
    .optionsGroup("Objective:")
    .requiredOption(
      "--objective <spec>",
      "what to maximise, e.g. class:goldfish; `ascent --help` has the grammar",
    );
}

/** Where a recipe that is a file may say it. */
export function addRecipeObjectiveFlag(target: Command): Command {
  return target
    .optionsGroup("Objective:")
    .option(
      "--objective <spec>",
      "what to maximise, e.g. class:goldfish; `ascent --help` has the grammar (required, but for a --recipe that is a file)",
    );
}
