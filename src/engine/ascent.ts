/**
 * Gradient ascent on the image: one recipe on one model and device.
 *
 *     const ascent = await createAscent(gpu, model, recipe);
 *     for await (const { iteration, objective } of ascent.run({ iterations: 512, objective: true })) …
 *     const image = await ascent.readImage();
 *     ascent.dispose();
 */
import { DeviceError, InputError } from "../errors.ts";
import { type Gpu, readBuffer } from "../gpu/device.ts";
import type { Dispatch } from "../gpu/dispatch.ts";
import type { Model } from "../model/network.ts";
import { type Preprocessing, preprocessing } from "../model/preprocess.ts";
import { reweighed } from "../optvis/algebra.ts";
import { parseObjective } from "../optvis/objective.ts";
import { initialState } from "../optvis/optimizers.ts";
import { alphaName } from "../optvis/params/alpha.ts";
import { type LiveField, liveFields, type Recipe } from "../optvis/recipe.ts";
import { expectRegularizers } from "../optvis/regularizers.ts";
import type { Objective } from "../optvis/term.ts";
import { weightKey } from "../optvis/terms/terms.ts";
import { CAM } from "./backward.ts";
import { inEveryImage, targetOf } from "./capture.ts";
import { drawAt } from "./draw.ts";
import { activationName } from "./forward.ts";
import { GRADIENT, IMAGE, isMoment, RING, STATE, VALUE_NOW, VALUES } from "./image.ts";
import { Pace } from "./pace.ts";
import { allDispatches, iterationOf, type Plan, type PlanOptions, planAscent } from "./plan.ts";
import { type Choice, type KernelOptions, planKernels } from "./planned-kernels.ts";
import { Presenter } from "./presenter.ts";
import { type DispatchTime, profileDispatches } from "./profile.ts";
import { Scheduler } from "./scheduler.ts";
import { type StartValues, startOf, valuesOf } from "./start.ts";
import { TUNING_MS, type TuningOptions, type TuningReport, tuneKernels } from "./tuner.ts";
import type { TuningStorage } from "./tuning-memory.ts";

export interface AscentOptions extends KernelOptions {
  /** Start of `init: "photo"`: RGB in 0–1 units, (3,H,W) at the recipe's size. */
  readonly photo?: Float32Array | undefined;
  /** What terms that compare with a photograph compare with, as `photo`; the photo itself if absent. */
  readonly target?: Float32Array | undefined;
  /** Instead of the recipe's, for objectives that have no spec. */
  readonly objective?: Objective | undefined;
  /** What is asked of it first, whose kernels are compiled while the weights arrive; default `iteration`. */
  readonly first?: "iteration" | "gradient" | undefined;
  /** Which kernels to use and what to skip; the defaults suit every device. */
  readonly plan?: Omit<PlanOptions, "bindingLimit">;
  /** Caps the size of a weight buffer below the device's binding limit; for tests. */
  readonly bindingLimit?: number;
}

export interface RunOptions {
  readonly iterations: number;
  /** Stop when the objective's relative gain over 20 iterations is below this; seen every 20 iterations. */
  readonly until?: number;
  readonly signal?: AbortSignal;
  /** Read objective values back, once a submission. */
  readonly objective?: boolean;
  /** Milliseconds a submission should take; default 50. */
  readonly frameMs?: number;
}

export interface Progress {
  /** Iterations finished. */
  readonly iteration: number;
  /** Objective of each new iteration and image, on the image before its update, L2 included. */
  readonly objective?: readonly (readonly number[])[];
}

/** Recipe fields that `reset` may change: they are data, not kernels or sizes. */
export type ResetOptions = Partial<Pick<Recipe, "init" | "seed" | LiveField>> & {
  readonly photo?: Float32Array;
};

/** What `set` takes. */
export type LiveSettings = Partial<Pick<Recipe, LiveField>> & {
  /** Of the objective's terms, in their order. */
  readonly weights?: readonly number[];
  /** The objective's terms with other weights, as a spec. */
  readonly objective?: string;
};

/** A submission under way. */
interface Flight {
  readonly end: number;
  readonly finished: Promise<number[][] | undefined>;
}

/** Iterations between two looks at whether the objective stands. */
const UNTIL_SPAN = 20;
/** Submissions in flight: while one runs the next is encoded. */
const DEPTH = 2;
/** What a device is trusted with in its first submission: well under a second at 4 GFLOP/s. */
const FIRST_FLOPS = 2e9;
/** Longest a submission should take: the watchdog of some systems fires after 2 s. */
const WATCHDOG_MS = 1000;

/**
 * Plans, allocates, uploads and shows the start. Of the kernels only those that are needed first are compiled: the first
 * iteration's or the gradient's; others when they are needed, or all by `Ascent.prepare`.
 * @throws InputError for an objective, size or recipe that does not fit the network or the device,
 *   WeightsError for a bad checkpoint, DeviceError when memory runs out, ShaderError for a driver's refusal.
 */
export async function createAscent(
  gpu: Gpu,
  model: Model,
  recipe: Recipe,
  options: AscentOptions = {},
): Promise<Ascent> {
  const objective = options.objective ?? parseObjective(recipe.objective, model.network);
  const target = targetOf(objective, recipe, options);
  const bindingLimit = Math.min(
    gpu.device.limits.maxStorageBufferBindingSize,
    options.bindingLimit ?? Infinity,
  );
  const planWith = (choice?: Choice) =>
    planAscent(model.network, model.preprocess, objective, recipe, {
      ...options.plan,
      ...choice,
      bindingLimit,
    });
  const plan = await planKernels(gpu, planWith, options);
  const begin = [...plan.start.show, ...plan.show, ...(target ? plan.capture.dispatches : [])];
  const first = options.first === "gradient" ? plan.gradient : iterationOf(plan, 0, recipe);
  const scheduler = await Scheduler.create(gpu, plan, model, [...begin, ...first]);
  try {
    await scheduler.prepare(begin);
    const start = startOf(plan, recipe, preprocessing(model.preprocess), options.photo);
    return new Ascent(scheduler, recipe, model, start, options.photo, target);
  } catch (error) {
    scheduler.dispose();
    throw error;
  }
}

export class Ascent {
  readonly plan: Plan;
  /** Resolves when the device is lost. */
  readonly lost: Promise<DeviceError>;
  #recipe: Recipe;
  readonly #scheduler: Scheduler;
  readonly #model: Model;
  readonly #preprocessing: Preprocessing;
  readonly #stagings: readonly GPUBuffer[];
  readonly #presenters = new Map<GPUTextureFormat, Presenter>();
  #photo: Float32Array | undefined;
  /** Iterations submitted, and iterations known to be finished. */
  #submitted = 0;
  #finished = 0;
  #flights = 0;
  #msPerFlop: number | undefined;
  #encodingMs = 0;
  /** Mean objective by iteration, the last UNTIL_SPAN + 1 of them. */
  readonly #recent = new Map<number, number>();

  constructor(
    scheduler: Scheduler,
    recipe: Recipe,
    model: Model,
    start: StartValues,
    photo: Float32Array | undefined,
    target: Float32Array | undefined,
  ) {
    this.plan = scheduler.plan;
    this.lost = scheduler.gpu.lost;
    this.#scheduler = scheduler;
    this.#recipe = recipe;
    this.#model = model;
    this.#preprocessing = preprocessing(model.preprocess);
    this.#photo = photo;
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
    const bytes = 4 * RING * recipe.batch;
    this.#stagings = Array.from({ length: DEPTH }, (_, i) =>
      scheduler.gpu.buffer(`objective read back ${i}`, bytes, usage),
    );
    if (target) this.#capture(target);
    this.#begin(start);
  }

  get recipe(): Recipe {
    return this.#recipe;
  }

  /** Iterations finished. */
  get iteration(): number {
    return this.#finished;
  }

  /** Names of the kernels in use. */
  get kernels(): string[] {
    return this.#scheduler.kernels;
  }

  /** Bytes of the plan's buffers as really allocated, with the uniforms and read-back buffers. */
  get allocatedBytes(): number {
    return this.#stagings.reduce((bytes, buffer) => bytes + buffer.size, this.#scheduler.allocatedBytes);
  }

  /**
   * Compiles everything that an ascent may run and packs the weights for it; afterwards nothing is compiled, allocated
   * or bound any more. `run` does it after its first iteration, so that there is a picture before.
   */
  prepare(): Promise<void> {
    return this.#scheduler.prepare(allDispatches(this.plan));
  }

  /** Seconds that encoding and submitting iterations has taken of this thread. */
  get encodingSeconds(): number {
    return this.#encodingMs / 1000;
  }

  /** Iterates, reporting after every submission. Breaking out waits for what is in flight. */
  async *run(options: RunOptions): AsyncGenerator<Progress, void, void> {
    let { iterations } = options;
    if (!this.#scheduler.prepared && iterations > 0 && !options.signal?.aborted) {
      await this.#prepareNext();
      yield* this.#replay({ ...options, iterations: 1 });
      iterations--;
      if (iterations > 0 && !options.signal?.aborted) await this.prepare();
    }
    yield* this.#replay({ ...options, iterations });
  }

  /** What the next iteration runs. */
  #prepareNext(): Promise<void> {
    return this.#scheduler.prepare(iterationOf(this.plan, this.#submitted, this.#recipe));
  }

  async *#replay(options: RunOptions): AsyncGenerator<Progress, void, void> {
    const { until, signal } = options;
    const listen = options.objective === true || until !== undefined;
    const end = this.#submitted + options.iterations;
    const pace = new Pace(options.frameMs ?? 50, RING / DEPTH);
    const flights: Flight[] = [];
    try {
      for (;;) {
        while (
          flights.length < (until === undefined ? DEPTH : 1) &&
          this.#submitted < end &&
          !signal?.aborted
        ) {
          const limit = until === undefined ? end : Math.min(end, nextLook(this.#submitted));
          flights.push(this.#submit(Math.min(pace.count, limit - this.#submitted), listen, pace));
        }
        const flight = flights.shift();
        if (!flight) return;
        const objective = await this.#land(flight);
        yield { iteration: this.#finished, ...(objective && { objective }) };
        if (until !== undefined && this.#stands(until)) return;
      }
    } finally {
      for (const flight of flights) await this.#land(flight);
    }
  }

  /** One iteration. @returns the objective of each image before the update, L2 included */
  async step(): Promise<number[]> {
    await this.#prepareNext();
    const objective = await this.#land(this.#submit(1, true));
    return objective?.[0] ?? [];
  }

  /** Starts again from the first iteration, compiling and allocating nothing. */
  async reset(changes: ResetOptions = {}): Promise<void> {
    const { photo, ...fields } = changes;
    this.#recipe = { ...this.#recipe, ...fields };
    this.#photo = photo ?? this.#photo;
    await this.#scheduler.gpu.device.queue.onSubmittedWorkDone();
    const { objective: _, ...live } = this.#recipe;
    this.set(live);
    this.#scheduler.set("seed", this.#recipe.seed);
    this.#begin(startOf(this.plan, this.#recipe, this.#preprocessing, this.#photo));
  }

  /**
   * Steers while running, from the next submission on: `liveFields` of the recipe and the weights of the
   * objective's terms. Compiles nothing, allocates nothing, and goes on where it is.
   */
  set(live: LiveSettings): void {
    const { weights, objective, ...fields } = live;
    expectRegularizers({ ...this.#recipe, ...fields });
    if (objective !== undefined) this.#reweigh(objective);
    for (const field of liveFields) {
      const value = fields[field];
      if (value === undefined) continue;
      this.#scheduler.set(field, value);
      this.#recipe = { ...this.#recipe, [field]: value };
    }
    this.#setWeights(weights ?? []);
  }

  #reweigh(objective: string): void {
    const weights = reweighed(this.#recipe.objective, objective);
    if (!weights) {
      throw new InputError(`objective: ${objective} has other terms than ${this.#recipe.objective}`, {
        remedy: "make a new ascent",
      });
    }
    this.#setWeights(weights);
    this.#recipe = { ...this.#recipe, objective };
  }

  #setWeights(weights: readonly number[]): void {
    weights.forEach((weight, i) => {
      this.#scheduler.set(weightKey(i), weight);
    });
  }

  /** The resident images, RGB in 0–1 units, (N,3,H,W), not clamped. */
  async readImage(): Promise<Float32Array<ArrayBuffer>> {
    const image = new Float32Array(await readBuffer(this.#scheduler.gpu, this.#scheduler.buffer(IMAGE)));
    const area = this.plan.size[0] * this.plan.size[1];
    const { mean } = this.#preprocessing;
    return image.map((x, i) => x + (mean[Math.floor(i / area) % 3] as number));
  }

  /** The opacity of the resident images, (N,1,H,W) in 0–1; undefined without an alpha channel. */
  async readAlpha(): Promise<Float32Array<ArrayBuffer> | undefined> {
    if (!this.#recipe.alpha) return undefined;
    return new Float32Array(await readBuffer(this.#scheduler.gpu, this.#scheduler.buffer(alphaName(IMAGE))));
  }

  /**
   * The images at another size, RGB in 0–1 units, (N,3,H,W), where the numbers optimised can be drawn at any.
   * @throws InputError where they belong to one size, or the size is too large for the device
   */
  async drawImage(size: Recipe["size"]): Promise<Float32Array<ArrayBuffer>> {
    return drawAt(this.#scheduler.gpu, this.#model, this.#recipe, await this.readValues(), size);
  }

  /** The numbers optimised, (N,length), without the alpha channel's. */
  async readValues(): Promise<Float32Array<ArrayBuffer>> {
    return new Float32Array(await readBuffer(this.#scheduler.gpu, this.#scheduler.buffer(this.plan.values)));
  }

  /**
   * Replaces the resident images: RGB in 0–1 units, (N,3,H,W), through the parameterization's inverse. The step
   * counter, moments and opacity stay. While iterations run at half the size, the next one replaces them again.
   */
  writeImage(rgb: Float32Array): void {
    const expected = this.plan.batch * 3 * this.plan.size[0] * this.plan.size[1];
    if (rgb.length !== expected)
      throw new InputError(`the image expects ${expected} numbers, got ${rgb.length}`);
    this.#write(this.plan.values, valuesOf(this.#recipe, this.#preprocessing, rgb));
    this.#show(this.plan.show);
  }

  /**
   * Objective, (N), without L2, and its gradient, (N,3,H,W), with respect to RGB in 0–1 units; no
   * transforms and no redirect; of a transparent image over the mean colour.
   * @param rgb images to take the place of the resident ones
   */
  async gradient(
    rgb?: Float32Array,
  ): Promise<{ objective: Float32Array<ArrayBuffer>; gradient: Float32Array<ArrayBuffer> }> {
    if (rgb) this.writeImage(rgb);
    const { gpu } = this.#scheduler;
    await this.#scheduler.prepare(this.plan.gradient);
    this.#submitParts(this.plan.gradient, "gradient");
    const value = await readBuffer(gpu, this.#scheduler.buffer(VALUE_NOW));
    const gradient = await readBuffer(gpu, this.#scheduler.buffer(GRADIENT));
    return { objective: new Float32Array(value), gradient: new Float32Array(gradient) };
  }

  /** Activation (N,C,H,W) of the layer that the plan keeps (`PlanOptions.keep`), of the last forward pass. */
  async readActivation(layer: string): Promise<Float32Array<ArrayBuffer>> {
    const name = activationName(layer);
    return new Float32Array(await readBuffer(this.#scheduler.gpu, this.#scheduler.buffer(name)));
  }

  /** Grad-CAM (N,1,H,W) of the layer `PlanOptions.cam`, made by the last `gradient()`. */
  async readCam(): Promise<Float32Array<ArrayBuffer>> {
    return new Float32Array(await readBuffer(this.#scheduler.gpu, this.#scheduler.buffer(CAM)));
  }

  /** Draws the images on a configured canvas, a batch as a wall (`wallSize`); transparent ones premultiplied. */
  present(context: GPUCanvasContext, format: GPUTextureFormat): void {
    let presenter = this.#presenters.get(format);
    if (!presenter) {
      const { batch, size } = this.plan;
      const alpha = this.#recipe.alpha ? this.#scheduler.buffer(alphaName(IMAGE)) : undefined;
      const image = this.#scheduler.buffer(IMAGE);
      const picture = { image, alpha, batch, size, mean: this.#preprocessing.mean };
      presenter = Presenter.create(this.#scheduler.gpu, picture, format);
      this.#presenters.set(format, presenter);
    }
    presenter.draw(context.getCurrentTexture().createView());
  }

  /** Times every dispatch of one iteration, which it makes; null without timestamp queries. */
  async profile(): Promise<DispatchTime[] | null> {
    await this.#prepareNext();
    const times = await profileDispatches(
      this.#scheduler,
      iterationOf(this.plan, this.#submitted, this.#recipe),
    );
    if (times) this.#finished = ++this.#submitted;
    return times;
  }

  /**
   * Measures which kernels are fastest here for this plan's convolutions and remembers it for the next start;
   * this ascent keeps its own. Takes TUNING_MS of the device, or two iterations where those are slower, and
   * the compiling of the candidates.
   */
  tune(storage: TuningStorage, options: TuningOptions = {}): Promise<TuningReport> {
    const iterationMs = (this.#msPerFlop ?? 0) * this.plan.executedFlops;
    const budgetMs = options.budgetMs ?? Math.max(TUNING_MS, 2 * iterationMs);
    return tuneKernels(this.#scheduler.gpu, this.plan.convolutions, storage, { ...options, budgetMs });
  }

  dispose(): void {
    for (const presenter of this.#presenters.values()) presenter.dispose();
    for (const staging of this.#stagings) this.#scheduler.gpu.free(staging);
    this.#scheduler.dispose();
  }

  /** Puts a photograph, (3,H,W), in every image and keeps what the objective compares with. */
  #capture(photo: Float32Array): void {
    const { batch, size, capture } = this.plan;
    this.#write(IMAGE, inEveryImage(photo, { batch, size, mean: this.#preprocessing.mean }));
    this.#submitParts(capture.dispatches, "capture", (encoder) => {
      for (const { from, to, bytes } of capture.copies) {
        encoder.copyBufferToBuffer(this.#scheduler.buffer(from), 0, this.#scheduler.buffer(to), 0, bytes);
      }
    });
  }

  /** Writes the start and clears what earlier iterations left. */
  #begin({ values, alpha }: StartValues): void {
    const { start } = this.plan;
    this.#write(start.values, values);
    if (start.alpha && alpha) this.#write(start.alpha, alpha);
    this.#write(STATE, new Uint8Array(initialState()));
    for (const { name, bytes } of this.plan.buffers) {
      if (isMoment(name)) this.#write(name, new Uint8Array(bytes));
    }
    this.#show(this.plan.start.show);
    this.#submitted = 0;
    this.#finished = 0;
    this.#recent.clear();
  }

  #write(name: string, data: Float32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>): void {
    this.#scheduler.gpu.device.queue.writeBuffer(this.#scheduler.buffer(name), 0, data);
  }

  /** Makes the images of values written from outside. */
  #show(dispatches: readonly Dispatch[]): void {
    if (dispatches.length > 0) this.#scheduler.submit(dispatches, "show");
  }

  /** Submits `count` iterations; reads their objective values back if somebody listens. */
  #submit(count: number, listen: boolean, pace?: Pace): Flight {
    const first = this.#submitted;
    const submittedAt = performance.now();
    const dispatches: Dispatch[] = [];
    for (let i = 0; i < count; i++) dispatches.push(...iterationOf(this.plan, first + i, this.#recipe));
    const staging = listen ? this.#stagings[this.#flights++ % DEPTH] : undefined;
    const values = this.#scheduler.buffer(VALUES);
    const behind = first - this.#finished > 0 ? 2 : 1;
    this.#submitParts(dispatches, "iterate", (encoder) => {
      if (staging) encoder.copyBufferToBuffer(values, 0, staging, 0, values.size);
    });
    this.#encodingMs += performance.now() - submittedAt;
    this.#submitted += count;
    const finished = this.#collect(staging, first, count).then((objective) => {
      const milliseconds = Math.max(0.1, (performance.now() - submittedAt) / behind);
      this.#msPerFlop = milliseconds / (count * this.plan.executedFlops);
      pace?.record(count, milliseconds);
      return objective;
    });
    // Whoever lands the flight sees the error; until then it must not count as unhandled.
    finished.catch(() => undefined);
    return { end: first + count, finished };
  }

  /** Cuts a submission where it would take longer than a watchdog waits. */
  #submitParts(
    dispatches: readonly Dispatch[],
    label: string,
    after?: (encoder: GPUCommandEncoder) => void,
  ): void {
    const most = this.#msPerFlop === undefined ? FIRST_FLOPS : WATCHDOG_MS / this.#msPerFlop;
    let begin = 0;
    let flops = 0;
    for (const [i, dispatch] of dispatches.entries()) {
      if (flops > 0 && flops + dispatch.flops > most) {
        this.#scheduler.submit(dispatches.slice(begin, i), label);
        begin = i;
        flops = 0;
      }
      flops += dispatch.flops;
    }
    this.#scheduler.submit(dispatches.slice(begin), label, after);
  }

  /** Waits for a submission, and takes its objective values out of the ring. */
  async #collect(
    staging: GPUBuffer | undefined,
    first: number,
    count: number,
  ): Promise<number[][] | undefined> {
    const { queue } = this.#scheduler.gpu.device;
    if (!staging) {
      await this.#orLost(queue.onSubmittedWorkDone());
      return undefined;
    }
    await this.#orLost(staging.mapAsync(GPUMapMode.READ));
    const ring = new Float32Array(staging.getMappedRange());
    const { batch } = this.plan;
    const values = Array.from({ length: count }, (_, i) => {
      const at = ((first + i) % RING) * batch;
      return [...ring.subarray(at, at + batch)];
    });
    staging.unmap();
    return values;
  }

  /** Waits; a device lost meanwhile is told as such. */
  async #orLost(work: Promise<undefined>): Promise<void> {
    try {
      await work;
    } catch (cause) {
      // The loss is reported on a promise of its own, before or after the read that failed of it.
      const late = new Promise<undefined>((resolve) => setTimeout(resolve, 500));
      const lost = await Promise.race([this.lost, late]);
      throw lost ?? new DeviceError("reading back from the GPU failed", { cause, remedy: "run again" });
    }
  }

  async #land(flight: Flight): Promise<number[][] | undefined> {
    const objective = await flight.finished;
    this.#finished = flight.end;
    objective?.forEach((values, i) => {
      const iteration = flight.end - objective.length + i;
      this.#recent.set(iteration, values.reduce((sum, value) => sum + value, 0) / values.length);
      this.#recent.delete(iteration - UNTIL_SPAN - 1);
    });
    return objective;
  }

  /** Whether the mean objective's gain over the last UNTIL_SPAN iterations, seen at a look, is below `eps`. */
  #stands(eps: number): boolean {
    if (this.#finished % UNTIL_SPAN !== 1) return false;
    const before = this.#recent.get(this.#finished - 1 - UNTIL_SPAN);
    const now = this.#recent.get(this.#finished - 1);
    if (before === undefined || now === undefined) return false;
    return (now - before) / Math.abs(before) < eps;
  }
}

/** The next count of iterations after which `until` is looked at: 1, 21, 41, … */
function nextLook(iteration: number): number {
  return Math.ceil(Math.max(0, iteration) / UNTIL_SPAN) * UNTIL_SPAN + 1;
}
