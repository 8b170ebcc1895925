/**
 * What people may say of a file that does not say it itself: how it is to be read. Each row makes a flag, an attribute, a
 * control, and the check of all of them. Who opens a file hands the whole `Reading` on, so that a new row is listed once.
 */
import { InputError, shown } from "../errors.ts";
import type { FlattenOrder } from "./checkpoint.ts";
import type { Preprocess } from "./network.ts";
import { parsePreprocess } from "./preprocess.ts";

export interface ReadingRow<Value> {
  /** What a control is called. */
  readonly label: string;
  /** What it says, as the command line's help has it. */
  readonly help: string;
  /** How a command line shows the value. */
  readonly placeholder: string;
  /** Values that a control offers, with the label of each. */
  readonly choices?: Readonly<Record<string, string>>;
  /** Any other value may be written: an example, in an empty control. */
  readonly example?: string;
  /** The value that a text or a value stands for. @throws InputError naming the field */
  readonly read: (given: unknown) => Value;
}

const row = <Value>(one: ReadingRow<Value>): ReadingRow<Value> => one;

export const readingFields = {
  preprocess: row<Preprocess>({
    label: "Preprocessing",
    help:
      "unit (0–1), imagenet (mean, standard deviation), caffe (BGR 0–255), or as mean=0.5,0.5,0.5;std=0.5,0.5,0.5 " +
      "(grey: mean=0.5;std=0.5) or range=-1..1; from the file where it says so",
    placeholder: "kind",
    choices: {
      unit: "0–1 (unit)",
      imagenet: "RGB, mean and deviation (imagenet)",
      caffe: "BGR 0–255, mean (caffe)",
    },
    example: "mean=0.5,0.5,0.5;std=0.5,0.5,0.5",
    read: parsePreprocess,
  }),
  padding: row<0 | 1>({
    label: "Padding",
    help: "of the convolutions; 1, or what fits where a network flattens",
    placeholder: "0|1",
    choices: { 1: "1 pixel of zeros", 0: "None" },
    read: (given) => {
      if (given === 0 || given === "0") return 0;
      if (given === 1 || given === "1") return 1;
      throw new InputError(`padding: expected 0 or 1, got ${shown(given)}`);
    },
  }),
  layers: row<string>({
    label: "Layers",
    help:
      'every convolution and the pools, "conv conv pool conv pool", where names do not tell; avgpool, leaky0.1, tanh and ' +
      "sigmoid, also alone, say that pools and ReLUs are others",
    placeholder: "words",
    example: "conv conv pool conv pool",
    read: (given) => {
      if (typeof given === "string") return given;
      throw new InputError(`layers: expected a text such as "conv conv pool", got ${shown(given)}`);
    },
  }),
  flatten: row<FlattenOrder>({
    label: "Flatten",
    help: "order in which the map before the first linear layer is flattened: chw (channels first, PyTorch) or hwc (channels last, Keras and TensorFlow)",
    placeholder: "chw|hwc",
    choices: { chw: "Channels first, as PyTorch", hwc: "Channels last, as Keras" },
    read: (given) => {
      if (given === "chw" || given === "hwc") return given;
      throw new InputError(`flatten: expected chw or hwc, got ${shown(given)}`);
    },
  }),
  epsilon: row<number>({
    label: "ε of batch norm",
    help: "of batch norm, where the network was trained with another than 1e-5: Keras has 1e-3",
    placeholder: "number",
    example: "0.001",
    read: (given) => {
      const epsilon = typeof given === "string" && given.trim() !== "" ? Number(given) : given;
      if (typeof epsilon === "number" && epsilon >= 0 && epsilon <= 1) return epsilon;
      throw new InputError(`epsilon: expected a number from 0 to 1, got ${shown(given)}`);
    },
  }),
};

type Fields = typeof readingFields;
export type ReadingField = keyof Fields;

/** How a file is to be read; what is left out is as the file says, or as fits. */
export type Reading = { readonly [Field in ReadingField]?: ReturnType<Fields[Field]["read"]> };

export const readingFieldNames = Object.keys(readingFields) as readonly ReadingField[];

/**
 * What was said, read and checked. Undefined and an empty text say nothing; other keys are left alone.
 * @throws InputError naming the field, what was expected and what is there
 */
export function readingOf(said: { readonly [Field in ReadingField]?: unknown }): Reading {
  const given = readingFieldNames.filter((field) => said[field] !== undefined && said[field] !== "");
  return Object.fromEntries(given.map((field) => [field, readingFields[field].read(said[field])]));
}

export function sameReading(a: Reading, b: Reading): boolean {
  return readingFieldNames.every((field) => a[field] === b[field]);
}
