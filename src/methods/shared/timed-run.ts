/** An ascent from its start to its end, with its speed. */
import type { Ascent } from "../../engine/run/ascent.ts";
import { type Gpu, orLost } from "../../gpu/device.ts";
import type { Model } from "../../model/network.ts";
import { preprocessing } from "../../model/preprocess.ts";
import { endOf } from "../../optvis/course.ts";
import type { Recipe } from "../../optvis/recipe.ts";
import { Silence } from "../../optvis/silence.ts";
import { type GpuReport, libraryContext, type RunContext, remarksOf, whereRun } from "../report.ts";
import { figure } from "./text.ts";

/** Milliseconds of a submission: nobody waits for a frame here, and Firefox looks for its end every 100 ms only. */
const SUBMISSION_MS = 400;

export interface RunReport extends GpuReport {
  readonly iterations: number;
  /** Time of iterations 2 to N: without loading, compiling and the first iteration. */
  readonly seconds: number;
  /** Of them, what encoding and submitting took of the thread. */
  readonly encodingSeconds: number;
  /** (N − 1) / seconds; null if there was one iteration or none. */
  readonly iterationsPerSecond: number | null;
  /** From process start to the first finished iteration; null if there was none. */
  readonly firstImageSeconds: number | null;
  /** One number an iteration, L2 included, on the image before that update; the mean over the batch. */
  readonly objective: readonly number[];
  /** The objective of the finished image, L2 included, without jitter; the mean over the batch. */
  readonly finalObjective: number;
}

/** What is run, and when it may stop before its last iteration. */
interface Work {
  readonly recipe: Recipe;
  /** Stop when the objective's relative gain over 20 iterations falls below this. */
  readonly until?: number | undefined;
}

/** Runs a fresh ascent to its end. The clock starts after the first iteration, when the others are compiled. */
export async function timedRun(
  gpu: Gpu,
  model: Model,
  ascent: Ascent,
  { recipe, until }: Work,
  context: RunContext = libraryContext(),
): Promise<RunReport> {
  const objective: number[] = [];
  let firstImageSeconds: number | null = null;
  let seconds = 0;
  let encodingSeconds = 0;
  const end = endOf(recipe);
  if (end > 0) {
    objective.push(mean(await ascent.step()));
    firstImageSeconds = (Date.now() - context.startedAt) / 1000;
    context.onProgress?.(1);
    if (end > 1) {
      await ascent.prepare();
      await orLost(gpu, gpu.device.queue.onSubmittedWorkDone());
    }
    const start = performance.now();
    const encoded = ascent.encodingSeconds;
    for await (const { iteration, objective: values } of ascent.run({
      iterations: end - 1,
      objective: true,
      frameMs: SUBMISSION_MS,
      ...(until === undefined ? {} : { until }),
      ...(context.signal === undefined ? {} : { signal: context.signal }),
    })) {
      for (const perImage of values ?? []) objective.push(mean(perImage));
      context.onProgress?.(iteration);
    }
    seconds = (performance.now() - start) / 1000;
    encodingSeconds = ascent.encodingSeconds - encoded;
  }
  const timed = ascent.iteration - 1;
  const finalObjective = await objectiveNow(model, ascent);
  const silence = new Silence();
  silence.record([...objective, finalObjective]);
  return {
    ...whereRun(gpu, context),
    iterations: ascent.iteration,
    seconds: timed > 0 ? seconds : 0,
    encodingSeconds,
    iterationsPerSecond: timed > 0 ? timed / seconds : null,
    firstImageSeconds,
    objective,
    finalObjective,
    kernels: ascent.kernels,
    ...remarksOf(silence.remark(recipe)),
  };
}

/** The objective of the resident images, L2 included: forward on the GPU, the L2 term in float64 here. */
async function objectiveNow(model: Model, ascent: Ascent): Promise<number> {
  const { l2, batch } = ascent.recipe;
  const { objective } = await ascent.gradient();
  if (l2 === 0) return mean(objective);
  const { mean: zero, scale, order } = preprocessing(model.preprocess);
  const image = await ascent.readImage();
  const area = image.length / batch / zero.length;
  let squares = 0;
  for (let n = 0; n < batch; n++) {
    for (let c = 0; c < zero.length; c++) {
      const plane = order[c] as number;
      const base = (n * zero.length + plane) * area;
      for (let i = 0; i < area; i++) {
        squares += ((scale[c] as number) * ((image[base + i] as number) - (zero[plane] as number))) ** 2;
      }
    }
  }
  return mean(objective) - (l2 * squares) / batch;
}

function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] as number;
  return sum / values.length;
}

export function runText({ iterations, adapter, iterationsPerSecond, finalObjective }: RunReport): string {
  const rate = iterationsPerSecond === null ? "" : `, ${figure(iterationsPerSecond)} iterations a second`;
  return `${iterations} iterations on ${adapter}${rate}; objective ${figure(finalObjective)}`;
}
