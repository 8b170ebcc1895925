/** What methods are about, as flags. */

import type { Command } from "commander";
import { InputError } from "../errors.ts";
import { soughtObjective } from "../methods/examples.ts";
import type { AnyMethod, Sought, Subject } from "../methods/method.ts";
import type { Network } from "../model/network.ts";
import { layerSpec } from "../optvis/terms/layer.ts";
import { addObjectiveFlag } from "./grammar.ts";
import { integer } from "./values.ts";

export interface SubjectFlags {
  readonly objective?: string;
  readonly layer?: string;
  readonly channel?: number;
}

/** How the command line asks for one kind of subject. */
interface SubjectQuestion {
  addFlags(target: Command): Command;
  /** @returns the method's options for it */
  read(flags: SubjectFlags): object;
  /** The objective that it stands for, which is checked before a GPU is asked for. */
  objectiveOf(flags: SubjectFlags, network: Network): string;
}

const objective: SubjectQuestion = {
  addFlags: addObjectiveFlag,
  read: ({ objective }) => ({ objective }),
  objectiveOf: ({ objective = "" }) => objective,
};

export const subjects: Readonly<Record<Exclude<Subject, "none">, SubjectQuestion>> = {
  objective,
  class: objective,
  layer: {
    addFlags: (target) =>
      target
        .optionsGroup("Method:")
        .requiredOption("--layer <name>", "whose activation; `ascent info` lists the layers"),
    read: ({ layer }) => ({ layer }),
    objectiveOf: ({ layer = "" }) => layerSpec(layer),
  },
  "layer or objective": {
    addFlags: (target) =>
      target
        .optionsGroup("Objective (one of):")
        .option("--layer <name>", "the mean of squares of a layer")
        .option("--objective <spec>", "anything else; `ascent --help` has the grammar"),
    read: (flags) => ({ objective: oneObjective(flags) }),
    objectiveOf: oneObjective,
  },
  sought: {
    addFlags: (target) =>
      target
        .optionsGroup("Objective (one of):")
        .option(
          "--objective <spec>",
          "ranks by its value for the whole image; `ascent --help` has the grammar",
        )
        .option("--layer <name>", "with --channel: ranks by the channel's strongest position")
        .option("--channel <n>", "of the layer, from 0", integer("--channel", { least: 0 })),
    read: soughtBy,
    objectiveOf: (flags, network) => soughtObjective(soughtBy(flags), network),
  },
};

/** Of a method that is about something. */
export function subjectOf({ subject }: AnyMethod): SubjectQuestion {
  if (subject !== "none") return subjects[subject];
  throw new Error("a method that is given photographs is about something");
}

/** `--layer NAME` is short for `--objective layer:NAME`. */
function oneObjective({ layer, objective }: SubjectFlags): string {
  if (layer !== undefined && objective !== undefined) {
    throw new InputError("--layer and --objective: expected one of them, got both");
  }
  if (layer === undefined && objective === undefined) {
    throw new InputError("expected --layer NAME or --objective SPEC, got neither");
  }
  return objective ?? layerSpec(layer ?? "");
}

/** `--objective SPEC`, or `--layer NAME --channel N`. */
function soughtBy({ objective, layer, channel }: SubjectFlags): Sought {
  if (objective !== undefined) {
    if (layer === undefined && channel === undefined) return { objective };
    throw new InputError("--objective: expected it alone, or --layer NAME --channel N, got both");
  }
  if (layer !== undefined && channel !== undefined) return { layer, channel };
  if (layer === undefined && channel === undefined)
    throw new InputError("expected --objective SPEC, or --layer NAME --channel N, got neither");
  const [given, missing] = layer === undefined ? ["channel", "layer NAME"] : ["layer", "channel N"];
  throw new InputError(`--${given}: expected --${missing} with it, got none`);
}
