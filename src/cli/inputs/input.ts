/** What the commands of methods share: flags made from a description, a run, its file, and what is printed. */
import { extname } from "node:path";
import type { Command } from "commander";
import type { ClassifyReport } from "../../methods/classify.ts";
import type { Job } from "../../methods/job.ts";
import type { AnyMethod } from "../../methods/method.ts";
import type { MethodName } from "../../methods/methods.ts";
import type { Result } from "../../methods/report.ts";
import { writeSafetensors } from "../../model/safetensors.ts";
import type { Weights } from "../../runtime/protocol.ts";
import { expectOutput, writeOutput } from "../files.ts";
import type { CommonFlags } from "../flags.ts";
import { writePicture } from "../pictures.ts";
import { executeWithProgress, print, remark } from "../running.ts";
import { addFlag, plainValue } from "../table-flags.ts";

/** What commander read: flags that every command has, and those of the method. */
export interface Flags extends CommonFlags {
  readonly out?: string;
}

/** One call of a command. */
export interface Call<Read = object> {
  readonly name: MethodName;
  readonly method: AnyMethod;
  readonly flags: Read & Flags;
  /** When the process started, in milliseconds since the epoch. */
  readonly startedAt: number;
}

/** How the command line gives a method one kind of input. */
export interface InputKind {
  /** Its flags; they stand between the network's and the run's. */
  addFlags(target: Command, method: AnyMethod): void;
  /** Reads what the flags name, refuses what it can before a GPU is asked for, and runs. */
  act(call: Call): Promise<void>;
}

/** The flags of a method's settings, each with its default. */
export function addSettings(target: Command, { options }: AnyMethod): Command {
  for (const [name, row] of Object.entries(options)) {
    const value = row.leftOut ?? (row.kind === "switch" ? "" : plainValue(row));
    addFlag(target, name, row, { leftOut: value && `default: ${value}`, negatable: false });
  }
  return target;
}

/** The settings that were given. */
export function givenSettings({ options }: AnyMethod, flags: Flags): object {
  const given = Object.entries(flags).filter(([name]) => Object.hasOwn(options, name));
  return Object.fromEntries(given);
}

/** `--out`, with what a file of each kind holds. */
export function addOut(target: Command, method: AnyMethod): Command {
  const { makes, picture } = method;
  const tensors = Object.entries(makes).map(([name, { shape, unit }], i) => {
    const type = i === 0 && picture ? "F32 " : "";
    return `\`${name}\` ${type}${shape}${unit === undefined ? "" : `, ${unit}`}`;
  });
  const list = tensors.join(Object.values(makes)[0]?.unit === undefined ? " and " : ", and ");
  const note = picture?.note === undefined ? "" : ` (${picture.note})`;
  const help = `${picture ? `.png${note}, or ` : ""}.safetensors with ${list}`;
  return method.rows ? target.option("--out <file>", help) : target.requiredOption("--out <file>", help);
}

/** Refuses an `--out` that cannot be written before anything else is done. */
export async function expectOut({ method, flags }: Call): Promise<void> {
  if (flags.out === undefined) return;
  await expectOutput(flags.out, method.picture ? [".png", ".safetensors"] : [".safetensors"]);
}

/** Runs the method, writes what it made, and prints its report. */
export async function runMethod(call: Call, weights: Weights, options: object): Promise<void> {
  const { name, method, flags, startedAt } = call;
  const job = { method: name, options } as Job;
  const context = { runtime: flags.runtime, startedAt };
  const result: Result<object> = await executeWithProgress(weights, job, method.steps(options), context);
  if (flags.out !== undefined) await write(flags.out, method, result, options);
  printReport(call, result.report);
}

/** Exit code where what `--expect` says is not so. */
const NOT_AS_EXPECTED = 3;

/** What should be known of a report goes to stderr; one that is not as expected sets the exit code. */
export function tellReport(report: object): void {
  const { remarks = [], expected } = report as Partial<ClassifyReport>;
  for (const line of remarks) remark(line);
  if (expected?.met === false) process.exitCode = NOT_AS_EXPECTED;
}

/** The report as a line of JSON, or as text; what should be known of it is told. */
export function printReport({ method, flags }: Call, report: object): void {
  tellReport(report);
  const where = flags.out === undefined ? "" : `${flags.out}: `;
  print(flags.json ? JSON.stringify(report) : `${where}${method.summary(report)}`);
}

/** Everything into a .safetensors, or a picture of it into a .png. */
async function write(path: string, { picture }: AnyMethod, result: Result<object>, options: object) {
  if (picture === undefined || extname(path).toLowerCase() !== ".png") {
    return writeOutput(path, writeSafetensors(result.tensors));
  }
  const { rgb, size, alpha, recipe } = picture.draw(result, options);
  return writeOutput(path, writePicture(rgb, size, alpha, recipe));
}
