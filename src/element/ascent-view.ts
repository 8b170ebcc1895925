import { css, html, LitElement, nothing, type PropertyValues } from "lit";
import { customElement, property, query } from "lit/decorators.js";
import type { TuningStorage } from "../engine/kernels/tuning-memory.ts";
import { type AscentError, InputError } from "../errors.ts";
import type { Network, Preprocess } from "../model/network.ts";
import { reweighed } from "../optvis/algebra.ts";
import {
  defaultRecipe,
  type LiveField,
  liveFields,
  type OptimizerKind,
  type ParamKind,
  type Recipe,
} from "../optvis/recipe.ts";
import { checkRecipe } from "../optvis/recipe-text.ts";
import { standardized } from "../optvis/standardize.ts";
import { hangWall } from "../optvis/wall.ts";
import { onOff, parseSize } from "./attributes.ts";
import { encodePng } from "./png.ts";
import { RunController, type RunHost, type RunRequest, type RunState } from "./run-controller.ts";

export * from "./events.ts";
export type { RunState } from "./run-controller.ts";
export { browserTuning } from "./tuning-storage.ts";

/** What `Ascent.set` steers, by the names of the properties. */
const STEERED: readonly (keyof AscentView)[] = liveFields.map((field) =>
  field === "blur" ? "blurSigma" : field,
);
/** Changed while running, without starting again. */
const LIVE: readonly PropertyKey[] = [...STEERED, "iterations", "paused", "scaling"];

/**
 * Gradient ascent on an image, live: what a channel, neuron, layer or class of a convolutional network
 * wants to see rises out of a zero image on the GPU.
 *
 * ```html
 * <ascent-view model="ascent-vgg.safetensors" objective="class:goldfish" size="192" seed="1"></ascent-view>
 * ```
 *
 * It starts by itself unless `paused`, rests while it is off screen or its tab is hidden, and gives back
 * its GPU memory when it leaves the document; put back, it begins again. Pixels are RGB in 0–1 units and
 * not clamped unless `clamp` is there; `lr` is in those units; `l2` pulls toward the zero input. Changing
 * `lr`, `strength`, a regularizer, the weights of the objective's terms, `iterations`, `paused` or `scaling` takes effect
 * at once, any other change starts again.
 *
 * @element ascent-view
 * @attr {string} init - `zeros`, `noise`, or the URL of a photograph
 * @attr {string} redirect - ReLU-gradient redirect in iterations 0–15: `on` or `off`
 * @fires {AscentReadyEvent} ascent-ready - the start is on the canvas
 * @fires {AscentStepEvent} ascent-step - some iterations are done and on the canvas; at most one a frame
 * @fires {AscentErrorEvent} ascent-error - `detail` is the AscentError, `concern` what it is about
 * @fires {AscentStateEvent} ascent-state - `state` changed
 * @csspart canvas - the picture
 * @csspart message - the error message, shown over the picture
 * @cssState running - stepping now
 * @cssState failed - the last request could not be met
 */
@customElement("ascent-view")
export class AscentView extends LitElement implements RunHost {
  static override readonly styles = css`
    :host {
      display: inline-grid;
      inline-size: 256px;
      position: relative;
    }
    :host([hidden]) {
      display: none;
    }
    canvas {
      inline-size: 100%;
      block-size: 100%;
      grid-area: 1 / 1;
      object-fit: contain;
    }
    :host([scaling="crisp"]) canvas {
      image-rendering: pixelated;
    }
    .message {
      grid-area: 1 / 1;
      align-self: end;
      margin: 0;
      padding: 0.75em 1em;
      font: 0.875rem/1.4 system-ui, sans-serif;
      overflow-wrap: anywhere;
      color: #fff;
      background: rgb(30 10 8 / 88%);
    }
  `;

  /** URL of a safetensors file, or (as a property) the file itself; it is never uploaded. */
  @property() model: string | Blob = "";
  /** What to climb, for example `class:goldfish` or `channel:conv3_4:17 - 0.5*channel:conv2_1:3`. */
  @property() objective = "";
  /** Pixels: `N` or `HxW`. */
  @property() size = "128";
  /** `zeros`, `noise`, or the URL of a photograph or (as a property) the photograph. */
  @property() init: string | Blob = "zeros";
  /**
   * URL of a photograph or (as a property) the photograph that `caricature`, `invert` and `style` compare with;
   * the start's if not said.
   */
  @property() target: string | Blob = "";
  /** Images drawn at once, side by side. */
  @property({ type: Number }) batch = defaultRecipe.batch;
  /** What is optimised: `pixel`, `fourier`, `laplacian`, `cppn` or `maco`. */
  @property() param: ParamKind = defaultRecipe.param;
  /** Frequencies, in cycles along the longer side, that the images of a batch have in common. */
  @property({ type: Number }) share = defaultRecipe.share;
  /** Optimise opacity too, over random backgrounds; the page shows through the canvas. */
  @property({ type: Boolean }) alpha = defaultRecipe.alpha;
  /** `none`, `standard`, or a list such as `pad:12,crop:8,rotate:10`. */
  @property() transforms = defaultRecipe.transforms;
  /** How much of the transforms' amounts is used, 0 to 1; steered while running. */
  @property({ type: Number }) strength = defaultRecipe.strength;
  @property() optimizer: OptimizerKind = defaultRecipe.optimizer;
  /** Step size, RGB 0–1. */
  @property({ type: Number }) lr = defaultRecipe.lr;
  /** λ of the penalty λ·Σ(network input)². */
  @property({ type: Number }) l2 = defaultRecipe.l2;
  /** Part of the image that is lost at every step. */
  @property({ type: Number }) decay = defaultRecipe.decay;
  /** Standard deviation of the blur in pixels; 0 is none. (`blur` is a method of every element.) */
  @property({ type: Number, attribute: "blur" }) blurSigma = defaultRecipe.blur;
  /** Blur after every so many iterations. */
  @property({ type: Number, attribute: "blur-every" }) blurEvery = defaultRecipe.blurEvery;
  /** Standard deviation of the blur of the image's gradient in pixels; 0 is none. */
  @property({ type: Number, attribute: "blur-gradient" }) blurGradient = defaultRecipe.blurGradient;
  /** Percentile of the pixels, by norm, that every step sets to the zero input. */
  @property({ type: Number, attribute: "clip-norm" }) clipNorm = defaultRecipe.clipNorm;
  /** The same by contribution to the objective. */
  @property({ type: Number, attribute: "clip-contribution" }) clipContribution =
    defaultRecipe.clipContribution;
  /** Largest circular shift in pixels, drawn anew each iteration. */
  @property({ type: Number }) jitter = defaultRecipe.jitter;
  /** Iterations, the first ones, at half the size. */
  @property({ type: Number }) coarse = defaultRecipe.coarse;
  /** Clamp RGB to 0–1 after each iteration. */
  @property({ type: Boolean }) clamp = defaultRecipe.clamp;
  /** ReLU-gradient redirect in iterations 0–15. */
  @property({ converter: onOff }) redirect = defaultRecipe.redirect;
  /** Show the picture around grey with a deviation of 0.15; the image itself stays as it is. */
  @property({ type: Boolean }) standardize = defaultRecipe.standardize;
  @property({ type: Number }) seed = defaultRecipe.seed;
  /** Stop after so many; `start()` then goes on for as many again. */
  @property({ type: Number }) iterations = defaultRecipe.iterations;
  /** `unit`, `imagenet` or `caffe`, where the file does not say it. */
  @property() preprocess: Preprocess | undefined;
  /** Padding of the convolutions, 0 or 1, where neither the file nor its head tells. */
  @property({ type: Number }) padding: 0 | 1 | undefined;
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

  /** The recipe of the picture on the canvas; undefined before `ascent-ready`. */
  get recipe(): Recipe | undefined {
    return this.#run.ascent?.recipe;
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
   * @returns the picture as it is now, RGB 0–1, shape (N,3,H,W) with N the batch, not clamped
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
   * The picture, a batch as a wall, as a PNG, read back from the GPU; the file carries the recipe.
   * @param size height and width of an image in pixels, where they are not the recipe's: a CPPN is drawn at any size
   * @throws InputError before `ascent-ready`, and for a size at which it cannot be drawn
   */
  async toBlob(size?: Recipe["size"]): Promise<Blob> {
    const { rgb, alpha, recipe } = await this.#picture(size);
    const text = { Software: "Ascent", Description: JSON.stringify(recipe) };
    const shown = recipe.standardize ? standardized(rgb, recipe.batch) : rgb;
    const wall = hangWall(shown, recipe.batch, size ?? recipe.size, alpha);
    return new Blob([await encodePng(wall, text)], { type: "image/png" });
  }

  async #picture(size?: Recipe["size"]) {
    const ascent = this.#run.ascent;
    if (!ascent) throw new InputError("There is no picture yet.", { remedy: "Wait for ascent-ready." });
    const rgb = size ? await ascent.drawImage(size) : await ascent.readImage();
    return { rgb, alpha: await ascent.readAlpha(), recipe: ascent.recipe };
  }

  /** What `Ascent.set` steers. */
  #liveSettings(): Pick<Recipe, LiveField> {
    const {
      lr,
      strength,
      l2,
      decay,
      blurSigma: blur,
      blurEvery,
      blurGradient,
      clipNorm,
      clipContribution,
    } = this;
    return { lr, strength, l2, decay, blur, blurEvery, blurGradient, clipNorm, clipContribution };
  }

  /** @internal */
  request(): RunRequest | undefined {
    const { model, init, target, preprocess, padding } = this;
    if (!model) return undefined;
    const plainInit = init === "zeros" || init === "noise" ? init : undefined;
    const recipe = checkRecipe({
      ...defaultRecipe,
      objective: this.objective,
      size: parseSize(this.size),
      init: plainInit ?? "photo",
      batch: this.batch,
      param: this.param,
      share: this.share,
      alpha: this.alpha,
      transforms: this.transforms,
      optimizer: this.optimizer,
      ...this.#liveSettings(),
      jitter: this.jitter,
      coarse: this.coarse,
      clamp: this.clamp,
      redirect: this.redirect,
      standardize: this.standardize,
      seed: this.seed,
      iterations: this.iterations,
    });
    return {
      model,
      preprocess,
      padding,
      recipe,
      photo: plainInit ? undefined : init,
      target: target || undefined,
      tuning: this.tuning,
    };
  }

  protected override updated(changed: PropertyValues<this>): void {
    const before = changed.get("objective");
    const weighed = before !== undefined && reweighed(before, this.objective) !== undefined;
    const isLive = (name: PropertyKey) => LIVE.includes(name) || (weighed && name === "objective");
    if (![...changed.keys()].every(isLive)) this.#run.load();
    else {
      const steered = weighed || STEERED.some((name) => changed.has(name));
      const live = {
        ...(steered && this.#liveSettings()),
        ...(weighed && { objective: this.objective }),
        ...(changed.has("iterations") && { iterations: this.iterations }),
      };
      if (Object.keys(live).length > 0) this.#run.set(live);
    }
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
