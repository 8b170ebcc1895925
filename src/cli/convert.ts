/** `convert` writes any file that opens as .safetensors that open by themselves. It needs no GPU. */
import { realpath } from "node:fs/promises";
import type { Command } from "commander";
import { InputError } from "../errors.ts";
import { count } from "../methods/shared/text.ts";
import { convertModel } from "../model/convert.ts";
import type { Reading } from "../model/reading.ts";
import { expectOutput, userPath, writeParts } from "./files.ts";
import { addReadingFlags, command } from "./grammar.ts";
import { startProgress } from "./progress.ts";
import { print, weightsOf, withNetwork } from "./running.ts";

interface ConvertFlags extends Reading {
  readonly json?: true;
  readonly offline?: true;
}

/** What is shown in the end, and printed as `--json`. */
interface ConvertReport {
  readonly out: string;
  readonly name: string;
  readonly preprocess: string;
  readonly bytes: number;
  readonly tensors: number;
  /** Tensors of the file that the network does not use. They are not written. */
  readonly unusedTensors: readonly string[];
  readonly assumptions: readonly string[];
}

export function addConvert(program: Command): void {
  const what =
    "Write a network of any file that opens as .safetensors (OIHW, float32), with the metadata that make it open by itself.";
  const target = command(program, "convert", what, EXAMPLES)
    .usage("IN OUT.safetensors [flags]")
    .argument("<in>", "weights (.safetensors, .pth, .npz, .h5 …)")
    .argument("<out>", "the file to write, .safetensors")
    .optionsGroup("Network:");
  addReadingFlags(target)
    .optionsGroup("Run:")
    .option("--json", "print one line of JSON")
    .action((from: string, to: string, flags: ConvertFlags) => convert(from, to, flags));
}

const EXAMPLES = `  ascent convert vgg16.pth vgg16.safetensors --preprocess imagenet
  ascent convert network.keras network.safetensors`;

async function convert(from: string, to: string, flags: ConvertFlags): Promise<void> {
  await expectOutput(to, [".safetensors"], "OUT");
  const weights = await weightsOf({ ...flags, model: from, runtime: "dawn" });
  await expectOther(weights.path, to);
  const report = await withNetwork(from, weights, async (model): Promise<ConvertReport> => {
    const { size, shapes, bytes } = convertModel(model);
    const progress = startProgress(Math.ceil(size / MEGABYTE), "MB");
    await writeParts(to, bytes(), (written) => progress.update(Math.ceil(written / MEGABYTE))).finally(() =>
      progress.stop(),
    );
    const { network, preprocess, unusedTensors, assumptions } = model;
    const { name } = network;
    return { out: to, name, preprocess, bytes: size, tensors: shapes.size, unusedTensors, assumptions };
  });
  print(flags.json ? JSON.stringify(report) : reportText(report));
}

const MEGABYTE = 1e6;

/** A file is not written over while it is read. */
async function expectOther(path: string, to: string): Promise<void> {
  const [read, written] = await Promise.all(
    [path, userPath(to)].map((one) => realpath(one).catch(() => one)),
  );
  if (read !== written) return;
  throw new InputError(`OUT: ${to} is the file that is read`, { remedy: "give another name" });
}

function reportText({ out, name, preprocess, bytes, tensors, unusedTensors }: ConvertReport): string {
  const size = bytes < MEGABYTE ? `${count(bytes)} bytes` : `${(bytes / MEGABYTE).toFixed(1)} MB`;
  const text = `${out}: ${name}, ${tensors} tensors, ${size}, preprocessing ${preprocess}`;
  return unusedTensors.length === 0 ? text : `${text}\nTensors not used: ${unusedTensors.join(", ")}`;
}
