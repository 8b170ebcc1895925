/**
 * Gradient ascent on the image: one recipe on one model and device.
 *
 *     const ascent = await createAscent(gpu, model, recipe);
 *     for await (const { iteration, objective } of ascent.run({ iterations: 512, objective: true })) …
 *     const image = await ascent.readImage();
 *     ascent.dispose();
 */
import { type DeviceError, InputError } from "../../errors.ts";
import type { Gpu } from "../../gpu/device.ts";
import type { Dispatch } from "../../gpu/dispatch.ts";
import type { Model } from "../../model/network.ts";
import { preprocessing } from "../../model/preprocess.ts";
import { convolutionNames } from "../../model/shapes.ts";
import type { Preprocessing } from "../../nn/preprocess.ts";
import { reweighed } from "../../optvis/algebra.ts";
import { parseObjective } from "../../optvis/objective.ts";
import { liveFields, type Recipe } from "../../optvis/recipe.ts";
import { checkRecipe } from "../../optvis/recipe-text.ts";
import { expectRegularizers } from "../../optvis/regularizers.ts";
import { weightKey } from "../../optvis/terms/context.ts";
import { dependsOnIterations } from "../../optvis/transforms/transforms.ts";
import { TUNING_MS, type TuningOptions, type TuningReport, tuneKernels } from "../kernels/tuner.ts";
import type { TuningStorage } from "../kernels/tuning-memory.ts";
import { chooseVariants } from "../kernels/variant-choice.ts";
import { expectRunnable } from "../kernels/variants.ts";
import { CAM } from "../plan/backward.ts";
import { GRADIENT, IMAGE, RING, VALUE_NOW } from "../plan/image.ts";
import { iterationOf, type Plan } from "../plan/plan.ts";
import { planAscent } from "../plan/plan-ascent.ts";
import { inEveryImage, targetOf } from "../plan/target-photo.ts";
import { activationName } from "../plan/walk.ts";
import type { AscentOptions, LiveSettings, Progress, ResetOptions, RunOptions } from "./ascent-options.ts";
import { drawAt } from "./draw.ts";
import { nextCheck, Plateau } from "./plateau.ts";
import { type DispatchTime, profileDispatches } from "./profile.ts";
import { Resident } from "./resident.ts";
import { Scheduler } from "./scheduler.ts";
import { startOf } from "./start.ts";
import { SubmissionSize } from "./submission-size.ts";
import { DEPTH, type Flight, Submissions } from "./submissions.ts";

export type { AscentOptions, LiveSettings, Progress, ResetOptions, RunOptions } from "./ascent-options.ts";

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
  checkRecipe(recipe);
  const objective = options.objective ?? parseObjective(recipe.objective, model.network);
  const target = targetOf(objective, recipe, options);
  const bindingLimit = Math.min(
    gpu.device.limits.maxStorageBufferBindingSize,
    options.bindingLimit ?? Infinity,
  );
  const given = options.plan?.convVariant !== undefined;
  const variants = given ? {} : await chooseVariants(gpu, options, convolutionNames(model.network));
  const planOptions = { ...variants, ...options.plan, bindingLimit };
  const plan = planAscent(model.network, model.preprocess, objective, recipe, planOptions);
  if (options.kernels && !given) expectRunnable(gpu, plan.convolutions);
  const begin = [
    ...plan.start.show,
    ...plan.show,
    ...plan.picture,
    ...(target ? plan.capture.dispatches : []),
  ];
  const { first = "iteration" } = options;
  const asked = first === "iteration" ? iterationOf(plan, 0, recipe) : plan[first];
  const scheduler = await Scheduler.create(gpu, plan, model, [...begin, ...asked]);
  try {
    await scheduler.prepare(begin);
    return await Ascent.begin(scheduler, recipe, model, options.photo, target);
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
  readonly #submissions: Submissions;
  readonly #plateau = new Plateau();
  readonly #model: Model;
  readonly #preprocessing: Preprocessing;
  readonly #resident: Resident;
  #photo: Float32Array | undefined;

  private constructor(scheduler: Scheduler, recipe: Recipe, model: Model, photo: Float32Array | undefined) {
    this.plan = scheduler.plan;
    this.lost = scheduler.gpu.lost;
    this.#scheduler = scheduler;
    this.#submissions = new Submissions(scheduler);
    this.#recipe = recipe;
    this.#model = model;
    this.#preprocessing = preprocessing(model.preprocess);
    this.#resident = new Resident(scheduler, this.#preprocessing);
    this.#photo = photo;
  }

  /**
   * For `createAscent`.
   * @param photo start of `init: "photo"`
   * @param target what the objective compares with
   */
  static async begin(
    scheduler: Scheduler,
    recipe: Recipe,
    model: Model,
    photo: Float32Array | undefined,
    target: Float32Array | undefined,
  ): Promise<Ascent> {
    const ascent = new Ascent(scheduler, recipe, model, photo);
    if (target) await ascent.#capture(target);
    ascent.#begin();
    return ascent;
  }

  get recipe(): Recipe {
    return this.#recipe;
  }

  /** Iterations finished. */
  get iteration(): number {
    return this.#submissions.finished;
  }

  /** Names of the kernels that ran so far, in the order in which they first did. */
  get kernels(): string[] {
    return this.#scheduler.kernels;
  }

  /** Bytes of the plan's buffers as really allocated, with the uniforms and read-back buffers. */
  get allocatedBytes(): number {
    return this.#scheduler.allocatedBytes + this.#submissions.allocatedBytes;
  }

  /**
   * Compiles everything that an ascent may run and packs the weights for it; afterwards nothing is compiled, allocated
   * or bound any more. `run` does it after its first iteration, so that there is a picture before.
   */
  prepare(): Promise<void> {
    return this.#scheduler.prepareAll();
  }

  /** Seconds that encoding and submitting iterations has taken of this thread. */
  get encodingSeconds(): number {
    return this.#submissions.encodingMs / 1000;
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
    return this.#scheduler.prepare(iterationOf(this.plan, this.#submissions.submitted, this.#recipe));
  }

  async *#replay(options: RunOptions): AsyncGenerator<Progress, void, void> {
    const { until, signal } = options;
    const listen = options.objective === true || until !== undefined;
    const end = this.#submissions.submitted + options.iterations;
    const size = new SubmissionSize(options.frameMs ?? 50, RING / DEPTH);
    const flights: Flight[] = [];
    try {
      for (;;) {
        while (
          flights.length < (until === undefined ? DEPTH : 1) &&
          this.#submissions.submitted < end &&
          !signal?.aborted
        ) {
          const { submitted: at } = this.#submissions;
          const limit = until === undefined ? end : Math.min(end, nextCheck(at));
          flights.push(this.#iterate(Math.min(size.count, limit - at), listen, size));
        }
        const flight = flights.shift();
        if (!flight) return;
        const objective = await this.#land(flight);
        yield { iteration: this.iteration, ...(objective && { objective }) };
        if (until !== undefined && this.#plateau.reached(this.iteration, until)) return;
      }
    } finally {
      // What fails there too (an overflow once seen is seen by all) must not hide what failed first.
      for (const flight of flights) await this.#land(flight).catch(() => undefined);
    }
  }

  /** One iteration. @returns the objective of each image before the update, L2 included */
  async step(): Promise<number[]> {
    await this.#prepareNext();
    const objective = await this.#land(this.#iterate(1, true));
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
    this.#begin();
  }

  /** Writes the start and clears what earlier iterations left. */
  #begin(): void {
    this.#submissions.clearOverflow();
    this.#resident.begin(startOf(this.plan, this.#recipe, this.#preprocessing, this.#photo));
    this.#submissions.reset();
    this.#plateau.clear();
  }

  /**
   * Steers while running, from the next submission on: `liveFields` of the recipe and the weights of the
   * objective's terms. Compiles nothing, allocates nothing, and goes on where it is.
   */
  set(live: LiveSettings): void {
    const { weights, objective, iterations, ...fields } = live;
    checkRecipe({ ...this.#recipe, ...fields });
    expectRegularizers({ ...this.#recipe, ...fields });
    if (iterations !== undefined) this.#recount(iterations);
    if (objective !== undefined) this.#reweigh(objective);
    for (const field of liveFields) {
      const value = fields[field];
      if (value === undefined) continue;
      this.#scheduler.set(field, value);
      this.#recipe = { ...this.#recipe, [field]: value };
    }
    this.#setWeights(weights ?? []);
  }

  #recount(iterations: number): void {
    const { iterations: before, transforms } = this.#recipe;
    if (iterations !== before && dependsOnIterations(transforms)) {
      throw new InputError(`iterations: ${transforms} was planned for ${before} of them, not ${iterations}`, {
        remedy: "make a new ascent",
      });
    }
    this.#recipe = { ...this.#recipe, iterations };
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
  readImage(): Promise<Float32Array<ArrayBuffer>> {
    return this.#resident.readImage();
  }

  /** The opacity of the resident images, (N,1,H,W) in 0–1; undefined without an alpha channel. */
  readAlpha(): Promise<Float32Array<ArrayBuffer> | undefined> {
    return this.#resident.readAlpha();
  }

  /**
   * The images at another size, RGB in 0–1 units, (N,3,H,W), where the numbers optimised can be drawn at any.
   * @throws InputError where they belong to one size, or the size is too large for the device
   */
  async drawImage(size: Recipe["size"]): Promise<Float32Array<ArrayBuffer>> {
    return drawAt(this.#scheduler.gpu, this.#model, this.#recipe, await this.readValues(), size);
  }

  /** The numbers optimised, (N,length), without the alpha channel's. */
  readValues(): Promise<Float32Array<ArrayBuffer>> {
    return this.#resident.read(this.plan.values);
  }

  /**
   * Replaces the resident images: RGB in 0–1 units, (N,3,H,W), through the parameterization's inverse. The step
   * counter, moments and opacity stay. While iterations run at half the size, the next one replaces them again.
   */
  writeImage(rgb: Float32Array): void {
    this.#resident.writeImage(this.#recipe, rgb);
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
    const value = await this.#evaluate(this.plan.gradient, "gradient");
    return { objective: value, gradient: await this.#resident.read(GRADIENT) };
  }

  /**
   * Objective alone, (N), as `gradient` has it: a forward pass.
   * @param rgb images to take the place of the resident ones
   */
  async value(rgb?: Float32Array): Promise<Float32Array<ArrayBuffer>> {
    if (rgb) this.writeImage(rgb);
    return this.#evaluate(this.plan.value, "objective");
  }

  /** Runs what ends in the objective's value. @param what it is for */
  async #evaluate(dispatches: readonly Dispatch[], what: string): Promise<Float32Array<ArrayBuffer>> {
    await this.#scheduler.prepare(dispatches);
    this.#submissions.clearOverflow();
    this.#submissions.submit(dispatches, what);
    await this.#submissions.expectFinite(`the ${what}`);
    return this.#resident.read(VALUE_NOW);
  }

  /** Activation (N,C,H,W) of the layer that the plan keeps (`PlanOptions.keep`), of the last forward pass. */
  readActivation(layer: string): Promise<Float32Array<ArrayBuffer>> {
    return this.#resident.read(activationName(layer));
  }

  /** Grad-CAM (N,1,H,W) of the layer `PlanOptions.cam`, made by the last `gradient()`. */
  readCam(): Promise<Float32Array<ArrayBuffer>> {
    return this.#resident.read(CAM);
  }

  /**
   * Draws the images on a configured canvas, a batch as a wall (`wallSize`); transparent ones premultiplied, standardised
   * where the recipe says so.
   */
  present(context: GPUCanvasContext, format: GPUTextureFormat): void {
    this.#resident.present(context, format);
  }

  /** Times every dispatch of one iteration, which it makes; null without timestamp queries. */
  async profile(): Promise<DispatchTime[] | null> {
    await this.#prepareNext();
    const times = await profileDispatches(
      this.#scheduler,
      iterationOf(this.plan, this.#submissions.submitted, this.#recipe),
    );
    if (times) this.#submissions.count();
    return times;
  }

  /**
   * Measures which kernels are fastest here for this plan's convolutions and remembers it for the next start;
   * this ascent keeps its own. Takes TUNING_MS of the device, or two iterations where those are slower, one candidate
   * at least, and the compiling of the candidates.
   */
  tune(storage: TuningStorage, options: TuningOptions = {}): Promise<TuningReport> {
    const budgetMs = options.budgetMs ?? Math.max(TUNING_MS, 2 * this.#submissions.iterationMs);
    return tuneKernels(this.#scheduler.gpu, this.plan.convolutions, storage, { ...options, budgetMs });
  }

  dispose(): void {
    this.#resident.dispose();
    this.#submissions.dispose();
    this.#scheduler.dispose();
  }

  /** Puts a photograph, (3,H,W), in every image and keeps what the objective compares with. */
  async #capture(photo: Float32Array): Promise<void> {
    const { batch, size, capture } = this.plan;
    this.#resident.write(IMAGE, inEveryImage(photo, { batch, size, mean: this.#preprocessing.mean }));
    this.#submissions.clearOverflow();
    this.#submissions.submit(capture.dispatches, "capture", (encoder) => {
      for (const { from, to, bytes } of capture.copies) {
        encoder.copyBufferToBuffer(this.#scheduler.buffer(from), 0, this.#scheduler.buffer(to), 0, bytes);
      }
    });
    await this.#submissions.expectFinite("the photograph compared with");
  }

  /** Submits `count` iterations; reads their objective values back if somebody listens. */
  #iterate(count: number, listen: boolean, size?: SubmissionSize): Flight {
    const first = this.#submissions.submitted;
    const iterations = Array.from({ length: count }, (_, i) =>
      iterationOf(this.plan, first + i, this.#recipe, listen),
    );
    return this.#submissions.iterate(iterations, listen, size);
  }

  async #land(flight: Flight): Promise<number[][] | undefined> {
    const objective = await this.#submissions.land(flight);
    if (objective) this.#plateau.record(flight.end, objective);
    return objective;
  }
}
