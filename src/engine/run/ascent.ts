/**
 * Gradient ascent on the image: one recipe on one model and device.
 *
 *     const ascent = await createAscent(gpu, model, recipe);
 *     for await (const { iteration, objective } of ascent.run({ iterations: 512, objective: true })) …
 *     const image = await ascent.readImage();
 *     ascent.dispose();
 */
import { type DeviceError, InputError } from "../../errors.ts";
import { type Gpu, orLost } from "../../gpu/device.ts";
import type { Sequence } from "../../gpu/program.ts";
import type { Model } from "../../model/network.ts";
import { preprocessing } from "../../model/preprocess.ts";
import { imageChannels, tunedConvolutionNames } from "../../model/shapes.ts";
import type { Preprocessing } from "../../nn/preprocess.ts";
import { inColours } from "../../optvis/grey.ts";
import { parseObjective } from "../../optvis/objective.ts";
import type { Recipe } from "../../optvis/recipe.ts";
import { checkRecipe } from "../../optvis/recipe-text.ts";
import { TUNING_MS, type TuningOptions, type TuningReport, tuneKernels } from "../kernels/tuner.ts";
import type { TuningStorage } from "../kernels/tuning-memory.ts";
import { chooseVariants } from "../kernels/variant-choice.ts";
import { expectRunnable } from "../kernels/variants.ts";
import { CAM } from "../plan/backward.ts";
import { GRADIENT, IMAGE, VALUE_NOW } from "../plan/buffer-names.ts";
import { iterationOf, reachable, stageAt } from "../plan/iteration.ts";
import type { Plan, PlanOptions } from "../plan/plan.ts";
import { planAscent } from "../plan/plan-ascent.ts";
import { inEveryImage, targetOf } from "../plan/target-photo.ts";
import { activationName } from "../plan/walk.ts";
import type { AscentOptions, LiveSettings, Progress, ResetOptions, RunOptions } from "./ascent-options.ts";
import { type Checkpoint, expectSameAscent, lastingBuffers } from "./checkpoint.ts";
import { Course } from "./course.ts";
import { drawAt } from "./draw.ts";
import { Iterations } from "./iterations.ts";
import { type DispatchTime, profileDispatches } from "./profile.ts";
import { Resident } from "./resident.ts";
import { Scheduler } from "./scheduler.ts";
import { startValues } from "./start.ts";
import { expectCoarse } from "./steering.ts";
import { Submissions } from "./submissions.ts";

export type { AscentOptions, LiveSettings, Progress, ResetOptions, RunOptions } from "./ascent-options.ts";
export type { Checkpoint } from "./checkpoint.ts";

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
  const target = targetOf(
    objective,
    recipe,
    imageChannels(model.network),
    photographsOf(model, recipe, options),
  );
  const bindingLimit = Math.min(
    gpu.device.limits.maxStorageBufferBindingSize,
    options.bindingLimit ?? Infinity,
  );
  const given = options.plan?.convVariant !== undefined;
  const variants = given ? {} : await chooseVariants(gpu, options, tunedConvolutionNames(model.network));
  const planOptions = { ...variants, ...options.plan, bindingLimit };
  const plan = planAscent(model.network, model.preprocess, objective, recipe, planOptions);
  if (options.kernels && !given) expectRunnable(gpu, plan.convolutions);
  return ascentOf(gpu, model, recipe, plan, { ...options, target });
}

/**
 * Runs a plan that is made already, or was kept as JSON. The model and recipe must be those that it was made for.
 * @throws as `createAscent`
 */
export async function ascentOf(
  gpu: Gpu,
  model: Model,
  recipe: Recipe,
  plan: Plan,
  { photo, target, first = "iteration" }: Pick<AscentOptions, "photo" | "target" | "first"> = {},
): Promise<Ascent> {
  const inNetworksColours = photographsOf(model, recipe, { photo, target });
  const begin = [
    ...stageAt(plan, 0, recipe.init).start.show,
    ...plan.show,
    ...plan.picture,
    ...(target ? plan.target.dispatches : []),
  ];
  const asked = first === "iteration" ? iterationOf(plan, 0, recipe) : plan[first];
  const scheduler = await Scheduler.create(gpu, plan, model, reachable(plan, recipe), [...begin, ...asked]);
  try {
    await scheduler.prepare(begin);
    return await Ascent.begin(scheduler, recipe, model, inNetworksColours.photo, inNetworksColours.target);
  } catch (error) {
    scheduler.dispose();
    throw error;
  }
}

/** The photographs in the colours that the network reads. */
function photographsOf(
  { network }: Pick<Model, "network">,
  { size }: Pick<Recipe, "size">,
  { photo, target }: Pick<AscentOptions, "photo" | "target">,
) {
  const colours = imageChannels(network);
  const own = (picture: Float32Array | undefined) =>
    picture && inColours(picture, size[0] * size[1], colours);
  return { photo: own(photo), target: own(target) };
}

export class Ascent {
  readonly plan: Plan;
  /** Resolves when the device is lost. */
  readonly lost: Promise<DeviceError>;
  readonly #course: Course;
  readonly #scheduler: Scheduler;
  readonly #submissions: Submissions;
  readonly #iterations: Iterations;
  readonly #model: Model;
  readonly #preprocessing: Preprocessing;
  readonly #resident: Resident;
  #photo: Float32Array | undefined;
  /** Whether somebody replaced the images since it began. */
  #replaced = false;

  private constructor(scheduler: Scheduler, recipe: Recipe, model: Model, photo: Float32Array | undefined) {
    this.plan = scheduler.plan;
    this.lost = scheduler.gpu.lost;
    this.#scheduler = scheduler;
    this.#submissions = new Submissions(scheduler);
    this.#course = new Course(scheduler, recipe);
    this.#iterations = new Iterations(scheduler, this.#submissions, this.#course);
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
    if (target) await ascent.#compareWith(target);
    ascent.#begin();
    return ascent;
  }

  /** The recipe with its settings as they are now. */
  get recipe(): Recipe {
    return this.#course.now;
  }

  /**
   * The recipe that draws what this ascent has drawn, to the bit: what it began with, what was changed at which
   * iteration, and how far it went.
   * @param iterations up to which, where it goes on as it is
   * @returns undefined where images were replaced (`writeImage`): no recipe draws those
   */
  course(iterations = this.iteration): Recipe | undefined {
    return this.#replaced ? undefined : this.#course.recipe(iterations);
  }

  /** Iterations finished. */
  get iteration(): number {
    return this.#submissions.finished;
  }

  /** Iterations given to the GPU: what is read back now is of this many. */
  get submitted(): number {
    return this.#submissions.submitted;
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
   * Compiles everything that the ascent may run, and packs the weights for it. Afterwards nothing is compiled, allocated
   * or bound any more, unless clipping is turned off or the ascent begins again from another `init`. `run` does this after
   * its first iteration, so that there is a picture before.
   */
  prepare(): Promise<void> {
    return this.#iterations.prepareAll();
  }

  /** Seconds that encoding and submitting iterations has taken of this thread. */
  get encodingSeconds(): number {
    return this.#submissions.encodingMs / 1000;
  }

  /** Iterates, reporting after every submission. Breaking out waits for what is in flight. */
  run(options: RunOptions): AsyncGenerator<Progress, void, void> {
    return this.#iterations.run(options);
  }

  /** One iteration. @returns the objective of each image before the update, L2 included */
  step(): Promise<number[]> {
    return this.#iterations.step();
  }

  /**
   * Starts again from the first iteration, and runs what a new ascent of the changed recipe would, to the bit.
   * @throws InputError for what is out of bounds, or where the plan has no iterations at half the size that it needs
   */
  async reset(changes: ResetOptions = {}): Promise<void> {
    const { photo, ...fields } = changes;
    const { gpu } = this.#scheduler;
    expectCoarse(this.plan, { ...this.recipe, ...fields });
    await orLost(gpu, gpu.device.queue.onSubmittedWorkDone());
    this.#course.begin(fields);
    const { recipe } = this;
    this.#photo = photographsOf(this.#model, recipe, { photo }).photo ?? this.#photo;
    this.#scheduler.set("seed", recipe.seed);
    await this.#scheduler.prepare(stageAt(this.plan, 0, recipe.init).start.show);
    this.#begin();
  }

  /**
   * Everything that the next iterations depend on, as it is after those that were submitted. It may be taken while the
   * ascent runs, which goes on meanwhile.
   */
  async checkpoint(): Promise<Checkpoint> {
    const { submitted: iteration } = this;
    const { state: course } = this.#course;
    const replaced = this.#replaced;
    const buffers = await this.#resident.bytesOf(lastingBuffers(this.plan));
    return { iteration, buffers, course, replaced };
  }

  /** @throws InputError for a checkpoint of another recipe or network */
  expectSame(checkpoint: Checkpoint): void {
    expectSameAscent(this.plan, this.recipe, checkpoint);
    expectCoarse(this.plan, checkpoint.course.now);
  }

  /**
   * Goes on from a checkpoint of this ascent or of another one of the same recipe and network: to the same bits on the same
   * adapter. Nothing may be running.
   * @throws InputError for a checkpoint of another recipe or network; the ascent is as it was then
   */
  async restore(checkpoint: Checkpoint): Promise<void> {
    const { gpu } = this.#scheduler;
    const { iteration, buffers, course, replaced } = checkpoint;
    this.expectSame(checkpoint);
    await orLost(gpu, gpu.device.queue.onSubmittedWorkDone());
    const { show } = stageAt(this.plan, iteration, course.now.init).start;
    await this.#scheduler.prepare([...show, ...iterationOf(this.plan, iteration, course.now)]);
    this.#course.restore(course);
    this.#scheduler.set("seed", course.now.seed);
    this.#replaced = replaced;
    this.#submissions.clearOverflow();
    this.#resident.putBack(lastingBuffers(this.plan), buffers, show);
    this.#iterations.clear(iteration);
  }

  /** Writes the start and clears what earlier iterations left. */
  #begin(): void {
    const { start } = stageAt(this.plan, 0, this.recipe.init);
    const recipe = { ...this.recipe, size: start.size };
    this.#replaced = false;
    this.#submissions.clearOverflow();
    this.#resident.begin(start, startValues(recipe, this.#preprocessing, this.#photo));
    this.#iterations.clear();
  }

  /**
   * Steers while running, from the next submission on: `liveFields` of the recipe and the weights of the
   * objective's terms. Compiles nothing, allocates nothing, and goes on where it is.
   */
  set(live: LiveSettings): void {
    this.#course.set(this.#submissions.submitted, live);
  }

  /** The resident images, RGB in 0–1 units, (N,3,H,W), or of a network that reads grey (N,1,H,W); not clamped. */
  readImage(): Promise<Float32Array<ArrayBuffer>> {
    return this.#resident.readImage();
  }

  /** The opacity of the resident images, (N,1,H,W) in 0–1; undefined without an alpha channel. */
  readAlpha(): Promise<Float32Array<ArrayBuffer> | undefined> {
    return this.#resident.readAlpha();
  }

  /**
   * The images at another size, as `readImage`, where the numbers optimised can be drawn at any.
   * @throws InputError where they belong to one size, or the size is too large for the device
   */
  async drawImage(size: Recipe["size"]): Promise<Float32Array<ArrayBuffer>> {
    return drawAt(this.#scheduler.gpu, this.#model, this.recipe, await this.readValues(), size);
  }

  /** The numbers optimised, (N,length), without the alpha channel's. */
  readValues(): Promise<Float32Array<ArrayBuffer>> {
    return this.#resident.read(this.plan.values);
  }

  /**
   * Replaces the resident images: RGB in 0–1 units, (N,3,H,W), or grey, (N,1,H,W), through the parameterization's inverse. The step
   * counter, moments and opacity stay. While iterations run at half the size, the next one replaces them again.
   */
  writeImage(rgb: Float32Array): void {
    this.#replaced = true;
    this.#resident.writeImage(this.recipe, rgb);
  }

  /**
   * Objective, (N), without L2, and its gradient, (N,C,H,W), with respect to colours in 0–1 units; no
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
  async #evaluate(sequence: Sequence, what: string): Promise<Float32Array<ArrayBuffer>> {
    await this.#scheduler.prepare(sequence);
    this.#submissions.clearOverflow();
    this.#submissions.submit(sequence, what);
    await this.#submissions.expectFinite(`the ${what}`);
    return this.#resident.read(VALUE_NOW);
  }

  /** Activation (N,C,H,W) of the layer that the plan keeps (`PlanOptions.keep`), of the last forward pass. */
  async readActivation(layer: string): Promise<Float32Array<ArrayBuffer>> {
    return this.#readKept(activationName(layer), `the activation of ${layer}`, "keep");
  }

  /** Grad-CAM (N,1,H,W) of the layer `PlanOptions.cam`, made by the last `gradient()`. */
  async readCam(): Promise<Float32Array<ArrayBuffer>> {
    return this.#readKept(CAM, "a Grad-CAM", "cam");
  }

  #readKept(name: string, what: string, option: keyof PlanOptions): Promise<Float32Array<ArrayBuffer>> {
    if (this.plan.buffers.some((buffer) => buffer.name === name)) return this.#resident.read(name);
    throw new InputError(`this ascent does not keep ${what}`, {
      remedy: `make one with plan: { ${option}: … }`,
    });
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
    const sequence = this.#iterations.next();
    await this.#scheduler.prepare(sequence);
    const times = await profileDispatches(this.#scheduler, sequence);
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

  /** Puts the target photograph, (C,H,W), in every image and keeps its share of the objective. */
  async #compareWith(photo: Float32Array): Promise<void> {
    const { batch, size, target } = this.plan;
    this.#resident.write(IMAGE, inEveryImage(photo, { batch, size, mean: this.#preprocessing.mean }));
    this.#submissions.clearOverflow();
    this.#submissions.submit(target.dispatches, "target", (encoder) => {
      for (const { from, to, bytes } of target.copies) {
        encoder.copyBufferToBuffer(this.#scheduler.buffer(from), 0, this.#scheduler.buffer(to), 0, bytes);
      }
    });
    await this.#submissions.expectFinite("the photograph compared with");
  }
}
