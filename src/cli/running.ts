/** What the commands share: their weights, checks before a GPU is looked for, and a runtime for their jobs. */

import { missingPhoto } from "../engine/plan/target-photo.ts";
import type { JobOf } from "../methods/job.ts";
import type { MethodName, ResultOf } from "../methods/methods.ts";
import type { RunContext, RuntimeName } from "../methods/report.ts";
import { parseClassNames } from "../model/class-files.ts";
import { openModel } from "../model/model.ts";
import { isAddress } from "../model/model-source.ts";
import type { Model } from "../model/network.ts";
import { readingOf } from "../model/reading.ts";
import { layerShapes } from "../model/shapes.ts";
import { openRuntime, type Runtime } from "../node/runtime.ts";
import { type OpenedWeights, openWeights } from "../node/weights.ts";
import { parseObjective, placeObjective } from "../optvis/objective.ts";
import { isPenalty, needsPhoto } from "../optvis/term.ts";
import type { Weights } from "../runtime/protocol.ts";
import { modelPath, readInput } from "./files.ts";
import type { CommonFlags } from "./flags.ts";
import { startProgress, type TransferProgress, transferProgress } from "./progress.ts";

/** Opens a runtime, has it used, and closes it whatever comes. */
export async function withRuntime<T>(
  weights: Weights,
  name: RuntimeName,
  use: (runtime: Runtime) => Promise<T>,
): Promise<T> {
  const transfer = transferProgress();
  const runtime = openRuntime(weights, name, { onTransfer: transfer.update, onRemark: remark });
  try {
    return await use(runtime);
  } finally {
    transfer.stop();
    await runtime.close();
  }
}

/** Runs one job in a runtime of its own. @param total of what the job counts its progress in */
export async function executeWithProgress<Name extends MethodName>(
  weights: Weights,
  job: JobOf<Name>,
  total: number,
  context: RunContext,
): Promise<ResultOf<Name>> {
  const { runtime, startedAt } = context;
  const progress = startProgress(total);
  const onProgress = (iteration: number): void => progress.update(iteration);
  const onRestart = remarkRestart(job.method);
  try {
    return await withRuntime(weights, runtime, (opened) =>
      opened.run<Name>(job, { startedAt, onProgress, onRestart }),
    );
  } finally {
    progress.stop();
  }
}

/** @param what is run once more */
export function remarkRestart(what: string): (crash: Error) => void {
  return (crash) => remark(`${what}: ${crash.message}; started again`);
}

export async function weightsOf(flags: CommonFlags): Promise<Weights> {
  const reading = readingOf(flags);
  const path = await modelPath(flags.model);
  const offline = flags.offline ? { offline: true } : {};
  const names = flags.classes === undefined ? {} : { classes: await namesOfClasses(flags.classes) };
  if (!isAddress(path)) return { path, ...reading, ...names };
  // Later it opens by the address of the file itself, and as its publisher says.
  const found = await openAnywhere({ path, ...offline });
  found.source.close?.();
  found.transfer.stop();
  return { ...found.options, path: found.path, ...reading, ...names, ...offline };
}

async function namesOfClasses(path: string): Promise<readonly string[]> {
  const bytes = await readInput(path, "--classes");
  return parseClassNames(`--classes: ${path}`, new TextDecoder().decode(bytes));
}

/**
 * A command opens its network once, and says on stderr what is taken for granted of it.
 * @param name of the file, as it was given
 */
export function withNetwork<T>(
  name: string,
  weights: Weights,
  use: (model: Model) => T | Promise<T>,
): Promise<T> {
  return withModel(weights, (model) => {
    const { assumptions } = model;
    if (assumptions.length > 0) remark(`${name}: assumed ${assumptions.join("; ")}`);
    return use(model);
  });
}

async function openAnywhere({
  path,
  offline,
}: Pick<Weights, "path" | "offline">): Promise<OpenedWeights & { readonly transfer: TransferProgress }> {
  const transfer = transferProgress();
  try {
    const opened = await openWeights(path, { offline, onProgress: transfer.update, onRemark: remark });
    return { ...opened, transfer };
  } catch (error) {
    transfer.stop();
    throw error;
  }
}

/** Without a word about it. */
export async function withModel<T>(weights: Weights, use: (model: Model) => T | Promise<T>): Promise<T> {
  const { path, offline, ...reading } = weights;
  const { source, beside, options, transfer } = await openAnywhere({ path, ...(offline && { offline }) });
  try {
    const model = await openModel(source, { ...options, ...reading, beside });
    try {
      return await use(model);
    } finally {
      model.close?.();
    }
  } finally {
    source.close?.();
    transfer.stop();
  }
}

/** Of a command that has `--target`, where it was not given. */
export const GIVE_TARGET = "give one: --target PHOTO";
/** Of one that has not. */
export const NO_TARGET = "render and gradient take one: --target PHOTO";

/**
 * What can be refused without a GPU is refused before one is looked for or a browser is started.
 *
 * @param noPhoto remedy for objectives that compare with a photograph; absent where there is one
 */
export function checkObjective(
  model: Model,
  spec: string,
  size: readonly [number, number],
  noPhoto?: string,
): void {
  for (const term of parseObjective(spec, model.network).terms) {
    if (isPenalty(term)) continue;
    if (noPhoto !== undefined && needsPhoto(term)) throw missingPhoto(term, "none", noPhoto);
    placeObjective({ terms: [term] }, layerShapes(model.network, size, { upTo: term.layer }));
  }
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** What people should know although the work goes on: a line on stderr. */
export function remark(text: string): void {
  process.stderr.write(`ascent: ${text}\n`);
}
