import { html, nothing, type PropertyValues } from "lit";
import { customElement, property, query } from "lit/decorators.js";
import type { TuningStorage } from "../engine/kernels/tuning-memory.ts";
import type { Ascent, Checkpoint } from "../engine/run/ascent.ts";
import { type AscentError, InputError } from "../errors.ts";
import type { Network } from "../model/network.ts";
import type { Recipe } from "../optvis/recipe.ts";
import { RECIPE_KEYWORD } from "../optvis/recipe-picture.ts";
import { parseRecipe } from "../optvis/recipe-text.ts";
import { standardized } from "../optvis/standardize.ts";
import { hangWall } from "../optvis/wall.ts";
import { encodePng } from "./png.ts";
import { ReadingElement } from "./reading-properties.ts";
import { propertiesOf, recipeOf } from "./recipe-properties.ts";
import { RunController } from "./run-controller.ts";
import type { RunHost, RunState } from "./run-host.ts";
import type { RunRequest } from "./run-request.ts";
import { viewStyles } from "./view-styles.ts";

export type { Checkpoint } from "../engine/run/checkpoint.ts";
export { deleteKept, type KeptFile, listKept } from "../model/kept.ts";
export { browserCache } from "./cache-storage.ts";
export * from "./events.ts";
export type { RunState } from "./run-host.ts";
export { browserTuning } from "./tuning-storage.ts";

/** Properties that say how a picture is shown and whether it goes on, and not what it is. */
const ABOUT_SHOWING: readonly PropertyKey[] = ["paused", "scaling"];

const NO_FILES: readonly File[] = [];

/**
 * Gradient ascent on an image, live: what a channel, neuron, layer or class of a convolutional network
 * wants to see rises out of a zero image on the GPU.
 *
 * ```html
 * <ascent-view model="ascent-vgg.safetensors" objective="class:goldfish" size="192" seed="1"></ascent-view>
 * ```
 *
 * Its properties are the fields of a recipe (`src/optvis/recipe-fields.ts`), and those below. `size` is a text, `N` or
 * `HxW`; the field `blur` is the property `blurSigma`, since `blur` is a method of every element; `recipe` sets them all.
 * What a file of weights does not say itself is said by the fields of a reading (`src/model/reading.ts`): `preprocess`,
 * `padding`, `layers`, `epsilon`, `flatten`.
 *
 * It starts by itself unless `paused`, rests while it is off screen or its tab is hidden, and gives back
 * its GPU memory when it leaves the document; put back, it begins again. Pixels are RGB in 0–1 units and
 * not clamped unless `clamp` is there; `lr` is in those units. Live fields, the weights of the objective's terms and
 * `iterations` take effect at once, and so do `paused` and `scaling`; any other change starts again.
 *
 * @element ascent-view
 * @attr {string} init - `zeros`, `noise`, or the URL of a photograph; the property takes the photograph itself, too
 * @attr {string} redirect - `on` or `off`
 * @fires {AscentReadyEvent} ascent-ready - the start is on the canvas
 * @fires {AscentStepEvent} ascent-step - some iterations are done and on the canvas; at most one a frame
 * @fires {AscentErrorEvent} ascent-error - `detail` is the AscentError, `concern` what it is about
 * @fires {AscentTransferEvent} ascent-transfer - weights come from an address; `detail` has bytes received and expected
 * @fires {AscentRemarkEvent} ascent-remark - what does not stop the work, in a sentence
 * @fires {AscentStateEvent} ascent-state - `state` changed
 * @csspart canvas - the picture
 * @csspart message - the error message, shown over the picture
 * @cssState running - stepping now
 * @cssState failed - the last request could not be met
 */
@customElement("ascent-view")
export class AscentView extends ReadingElement implements RunHost {
  static override readonly styles = viewStyles;

  /** Address of a file of weights, also `hf:OWNER/NAME`, or (as a property) the file itself; it is never uploaded. */
  @property() model: string | Blob = "";
  /**
   * Keeps what is downloaded from an address in this origin's storage, and opens it from there without a connection.
   * Storage is the page's, so that it must ask for it.
   */
  @property({ type: Boolean }) cache = false;
  /** Files that the weights name, shards for example, where `model` is a file. */
  @property({ attribute: false }) beside: readonly File[] = NO_FILES;
  /** Names of the classes, one for each output of the network, where the file does not say them. */
  @property({ attribute: false }) classes: readonly string[] | undefined;
  /**
   * URL of a photograph or (as a property) the photograph that `caricature`, `invert` and `style` compare with;
   * the start's if not said.
   */
  @property() target: string | Blob = "";
  /** Where tunings are remembered: starts take the kernels found fastest there. `browserTuning` is one. */
  @property({ attribute: false }) tuning: TuningStorage | undefined;
  /** Loaded but not stepping. */
  @property({ type: Boolean, reflect: true }) paused = false;
  /** How the picture is enlarged: `smooth`, or `crisp` pixels. */
  @property({ reflect: true }) scaling: "smooth" | "crisp" = "smooth";

  /** @internal */
  @query("canvas") readonly canvas!: HTMLCanvasElement;

  readonly #run = new RunController(this);
  readonly #internals = this.attachInternals();
  #listened = false;

  /** `empty`, `loading`, `running`, `hidden`, `paused`, `finished` or `failed`. */
  get state(): RunState {
    return this.#run.state;
  }

  /** Finished iterations. */
  get iteration(): number {
    return this.#run.iteration;
  }

  /** Layers and classes of the newest model that could be opened, even if the objective was refused. */
  get network(): Network | undefined {
    return this.#run.network;
  }

  /** Why `state` is `failed`. */
  get error(): AscentError | undefined {
    return this.#run.failure;
  }

  /** Iterations after which it rests. */
  get end(): number {
    return this.#run.end;
  }

  /**
   * The recipe that draws the picture again, to the bit: what it began with, what was changed at which iteration, and
   * how far it went.
   * @param iterations up to which, where it goes on as it is; those that are done if absent
   * @returns undefined before `ascent-ready`, and where the image was replaced: no recipe draws that
   */
  course(iterations?: number): Recipe | undefined {
    return this.#run.ascent?.course(iterations);
  }

  /** The recipe of the picture on the canvas, as its settings are now; undefined before `ascent-ready`. */
  get recipe(): Recipe | undefined {
    return this.#run.ascent?.recipe;
  }

  /**
   * Sets every property that a recipe has, as if each were set. Fields left out take the defaults. A recipe that begins
   * from a photograph leaves `init` as it is: the photograph is set there.
   * @throws InputError for a field that is unknown or out of bounds
   */
  set recipe(recipe: Partial<Recipe>) {
    Object.assign(this, propertiesOf(parseRecipe(recipe)));
  }

  /** Objective values cost a readback, so they are read only once somebody has asked for them. @internal */
  get listening(): boolean {
    return this.#listened;
  }

  override addEventListener<Name extends keyof HTMLElementEventMap>(
    type: Name,
    listener: (this: HTMLElement, event: HTMLElementEventMap[Name]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  override addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | AddEventListenerOptions,
  ): void;
  override addEventListener(...args: Parameters<HTMLElement["addEventListener"]>): void {
    if (args[0] === "ascent-step") this.#listened = true;
    super.addEventListener(...args);
  }

  /** Runs: from a pause, on after the last iteration, or once more after a failure. */
  start(): void {
    this.paused = false;
    this.#run.resume();
  }

  /** Stops stepping; the picture and its state stay. */
  pause(): void {
    this.paused = true;
    this.#run.settle();
  }

  /** One iteration, also while paused; resolves when it is on the canvas. */
  step(): Promise<void> {
    return this.#run.step();
  }

  /** Back to the start of the same recipe; resolves when that is on the canvas. Runs on if it was running. */
  reset(): Promise<void> {
    return this.#run.reset();
  }

  /**
   * Everything that the run depends on from here, as plain data: `restore` goes on from it to the same bits. In a handler of
   * `ascent-step` it is of the picture on the canvas.
   * @throws InputError before `ascent-ready`
   */
  async checkpoint(): Promise<Checkpoint> {
    return this.#expectAscent().checkpoint();
  }

  /**
   * Goes back, or on, to a checkpoint of a run of the same network and recipe; resolves when its picture is on the canvas.
   * Properties that are steered live become what they were. It runs on if it was running.
   * @throws InputError before `ascent-ready`, and for a checkpoint of another run: nothing has changed then
   */
  async restore(checkpoint: Checkpoint): Promise<void> {
    const ascent = this.#expectAscent();
    ascent.expectSame(checkpoint);
    await this.#run.restore(checkpoint);
    const { recipe } = this;
    if (recipe) Object.assign(this, propertiesOf(recipe));
  }

  #expectAscent(): Ascent {
    const { ascent } = this.#run;
    if (!ascent) throw new InputError("There is no picture yet.", { remedy: "Wait for ascent-ready." });
    return ascent;
  }

  /**
   * @returns the picture as it is now, RGB 0–1, shape (N,3,H,W) with N the batch, or of a network that reads grey (N,1,H,W);
   *   not clamped
   * @throws InputError before `ascent-ready`
   */
  async readImage(): Promise<Float32Array> {
    const { rgb } = await this.#picture();
    return rgb;
  }

  /** @returns the opacity of the picture, 0–1, shape (N,1,H,W); undefined without `alpha` */
  async readAlpha(): Promise<Float32Array | undefined> {
    const { alpha } = await this.#picture();
    return alpha;
  }

  /**
   * The picture, a batch as a wall, as a PNG, read back from the GPU; the file carries the recipe that draws it (`course`).
   * @param size height and width of an image in pixels, where they are not the recipe's: a CPPN is drawn at any size
   * @param said what else the file shall say about itself, by keyword
   * @throws InputError before `ascent-ready`, and for a size at which it cannot be drawn
   */
  async toBlob(size?: Recipe["size"], said: Readonly<Record<string, string>> = {}): Promise<Blob> {
    const { rgb, alpha, recipe, course } = await this.#picture(size);
    const text = { Software: "Ascent", ...(course && { [RECIPE_KEYWORD]: JSON.stringify(course) }), ...said };
    const shown = recipe.standardize ? standardized(rgb, recipe.batch) : rgb;
    const wall = hangWall(shown, recipe.batch, size ?? recipe.size, alpha);
    return new Blob([await encodePng(wall, text)], { type: "image/png" });
  }

  async #picture(size?: Recipe["size"]) {
    const ascent = this.#expectAscent();
    // All asked for at once, so that all are of one iteration, though the run goes on.
    const { recipe, submitted } = ascent;
    const course = ascent.course(submitted);
    const drawn = size ? ascent.drawImage(size) : ascent.readImage();
    const [rgb, alpha] = await Promise.all([drawn, ascent.readAlpha()]);
    return { rgb, alpha, recipe, course };
  }

  /** @internal */
  request(): RunRequest | undefined {
    const { model, beside, reading, classes, cache, init, target, tuning } = this;
    if (!model) return undefined;
    const recipe = recipeOf(this);
    const photo = recipe.init === "photo" ? init : undefined;
    return { model, beside, reading, classes, cache, recipe, photo, target: target || undefined, tuning };
  }

  protected override updated(changed: PropertyValues<this>): void {
    if ([...changed.keys()].some((name) => !ABOUT_SHOWING.includes(name))) this.#run.follow();
    this.#run.settle();
  }

  /** `:state(running)` and the like, for style sheets. @internal */
  showState(state: RunState): void {
    const { states } = this.#internals;
    states.clear();
    states.add(state);
  }

  protected override render() {
    const { error } = this;
    return html`
      <canvas part="canvas" width="1" height="1" role="img" aria-label=${this.objective || "no picture yet"}></canvas>
      ${error ? html`<p class="message" part="message" role="alert">${error.message} ${error.remedy}</p>` : nothing}
    `;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "ascent-view": AscentView;
  }
}
