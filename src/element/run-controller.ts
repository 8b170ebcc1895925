/**
 * The asynchronous life of one `<ascent-view>`: loading a run, and when to step it.
 *
 * Whatever arrives late (weights, compiled pipelines, the frame in flight) is checked against the signal
 * it was started under and dropped if that is no longer the current one.
 */
import type { ReactiveController, ReactiveControllerHost } from "lit";
import type { TuningStorage } from "../engine/kernels/tuning-memory.ts";
import { formatVariants } from "../engine/kernels/variant-text.ts";
import { type Ascent, createAscent, type LiveSettings } from "../engine/run/ascent.ts";
import { AscentError, DeviceError, InputError } from "../errors.ts";
import type { Gpu } from "../gpu/device.ts";
import type { Model, Network } from "../model/network.ts";
import type { Recipe } from "../optvis/recipe.ts";
import { wallSize } from "../optvis/wall.ts";
import {
  AscentErrorEvent,
  AscentReadyEvent,
  AscentStateEvent,
  AscentStepEvent,
  type Concern,
} from "./events.ts";
import { readPhoto, readTarget } from "./photo.ts";
import { placeInNetwork } from "./placement.ts";
import { RateMeter } from "./rate-meter.ts";
import { type ModelRequest, Resources } from "./resources.ts";

/** `empty`: no model given; `hidden`: would run, but nobody can see it; `finished`: all iterations done. */
export type RunState = "empty" | "loading" | "running" | "hidden" | "paused" | "finished" | "failed";

/** Everything a run needs, as the host's properties say it now. */
export interface RunRequest extends ModelRequest {
  readonly recipe: Recipe;
  /** URL of a photograph or the file itself, for `init: "photo"`. */
  readonly photo: string | Blob | undefined;
  /** The same of what the objective compares with; the start's photograph if absent. */
  readonly target: string | Blob | undefined;
  /** Where tunings are remembered, if anywhere. */
  readonly tuning: TuningStorage | undefined;
}

export interface RunHost extends ReactiveControllerHost, HTMLElement {
  readonly canvas: HTMLCanvasElement;
  readonly hasUpdated: boolean;
  readonly paused: boolean;
  /** Whether anybody listens for objective values; they cost the one readback a submission. */
  readonly listening: boolean;
  showState(state: RunState): void;
  /** @throws InputError if the properties contradict; undefined while there is no model. */
  request(): RunRequest | undefined;
}

/** An error, and what it is about. */
interface Failure {
  readonly error: AscentError;
  readonly concern: Concern;
}

/** Iterations between two pictures on the canvas take about this long where the device is fast enough. */
const FRAME_MS = 16;

export class RunController implements ReactiveController {
  readonly #host: RunHost;
  readonly #resources = new Resources();
  readonly #rate = new RateMeter();
  readonly #observer: IntersectionObserver;
  #network: Network | undefined;
  #ascent: Ascent | undefined;
  #failure: Failure | undefined;
  /** The newest load; aborted by the next one and by leaving the document. */
  #loading: AbortController | undefined;
  #loaded: Promise<void> = Promise.resolve();
  #loop: { readonly abort: AbortController; readonly ended: Promise<void> } | undefined;
  /** Single steps and resets in progress or waiting; the loop rests while there are any. */
  #turns = 0;
  #lastTurn: Promise<void> = Promise.resolve();
  #onScreen = false;
  /** Iterations after which the run is finished. */
  #target = 0;
  #announced: RunState = "empty";

  constructor(host: RunHost) {
    this.#host = host;
    this.#observer = new IntersectionObserver((entries) => {
      this.#onScreen = entries.at(-1)?.isIntersecting ?? false;
      this.#settle();
    });
    host.addController(this);
  }

  get state(): RunState {
    if (this.#loading) return "loading";
    if (this.#failure) return "failed";
    if (!this.#ascent) return "empty";
    if (this.#ascent.iteration >= this.#target) return "finished";
    if (this.#host.paused) return "paused";
    return this.#visible ? "running" : "hidden";
  }

  get failure(): AscentError | undefined {
    return this.#failure?.error;
  }

  /** Of the newest model that could be opened. */
  get network(): Network | undefined {
    return this.#network;
  }

  get iteration(): number {
    return this.#ascent?.iteration ?? 0;
  }

  get ascent(): Ascent | undefined {
    return this.#ascent;
  }

  get #visible(): boolean {
    return this.#onScreen && document.visibilityState === "visible";
  }

  hostConnected(): void {
    this.#observer.observe(this.#host);
    document.addEventListener("visibilitychange", this.#settle);
    // Back in the document after everything was freed: begin again. The first time, `updated` does it.
    if (this.#host.hasUpdated && !this.#ascent && !this.#loading) this.load();
  }

  hostDisconnected(): void {
    this.#observer.unobserve(this.#host);
    document.removeEventListener("visibilitychange", this.#settle);
    this.#onScreen = false;
    this.#settle();
    // Moving an element disconnects and connects it in one go: that is no reason to throw its run away.
    queueMicrotask(() => {
      if (!this.#host.isConnected) this.#free();
    });
  }

  /** Loads what the host asks for now and starts it from its first iteration; the old image stays until then. */
  load(): void {
    this.#loading?.abort();
    this.#loading = undefined;
    if (this.#failure) this.#host.requestUpdate();
    this.#failure = undefined;
    this.#loop?.abort.abort();
    let request: RunRequest | undefined;
    try {
      request = this.#host.request();
    } catch (error) {
      this.#fail(error, "run");
      return;
    }
    if (request && this.#host.isConnected) {
      const loading = new AbortController();
      this.#loading = loading;
      this.#loaded = this.#load(request, loading);
    }
    this.#announce();
  }

  async #load(request: RunRequest, loading: AbortController): Promise<void> {
    const { signal } = loading;
    let concern: Concern = "gpu";
    try {
      const arriving = this.#resources.model(request);
      // Without a GPU nobody waits for the model any more.
      arriving.catch(() => {});
      const gpu = await this.#resources.gpu();
      if (signal.aborted) return;
      concern = "model";
      const model = await arriving;
      if (signal.aborted) return;
      this.#network = model.network;
      placeInNetwork(model.network, request.recipe, (stage) => {
        concern = stage;
      });
      concern = "init";
      const [photo, target] = [await readPhoto(request, signal), await readTarget(request, signal)];
      if (signal.aborted) return;
      concern = "size";
      const tuning = request.tuning && { storage: request.tuning };
      const ascent = await createAscent(gpu, model, request.recipe, { photo, target, tuning });
      await this.#loop?.ended;
      if (signal.aborted) ascent.dispose();
      else this.#adopt(gpu, model, ascent);
    } catch (error) {
      if (signal.aborted) return;
      this.#loading = undefined;
      // Only a refused request is about the size; a shader or a lost device is not.
      this.#fail(error, concern === "size" && !(error instanceof InputError) ? "run" : concern);
    }
  }

  /** Puts a new run in the place of the old one. */
  #adopt(gpu: Gpu, model: Model, ascent: Ascent): void {
    this.#loading = undefined;
    this.#ascent?.dispose();
    this.#ascent = ascent;
    this.#target = ascent.recipe.iterations;
    const { canvas } = this.#host;
    const { height, width } = wallSize(ascent.recipe.batch, ascent.recipe.size);
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    const format = navigator.gpu.getPreferredCanvasFormat();
    // A lost device's texture may still be on it, and Firefox does not paint on over that.
    this.#context.unconfigure();
    const alphaMode = ascent.recipe.alpha ? "premultiplied" : "opaque";
    this.#context.configure({ device: gpu.device, format, alphaMode });
    this.#present();
    void ascent.lost.then((error) => {
      if (this.#ascent === ascent) this.#lose(error);
    });
    this.#host.dispatchEvent(
      new AscentReadyEvent({
        network: model.network,
        preprocess: model.preprocess,
        unusedTensors: model.unusedTensors,
        adapterName: gpu.adapterName,
        plannedBytes: ascent.plan.bytes,
        kernels: formatVariants(ascent.plan.convolutions),
      }),
    );
    this.#settle();
  }

  /** What is steered changes while running and nothing restarts; what the recipe has no use for fails as a load does. */
  set(live: LiveSettings): void {
    // What is being loaded, or has failed, is of before the change.
    if (this.#loading || this.#failure) {
      this.load();
      return;
    }
    try {
      this.#ascent?.set(live);
      if (live.iterations !== undefined) this.#target = Math.max(live.iterations, this.iteration);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      this.load();
    }
  }

  /** Steps again after all iterations are done, or after a failure. */
  resume(): void {
    if (this.#failure && !this.#loading) this.load();
    if (this.#ascent && this.#ascent.iteration >= this.#target) {
      this.#target = this.#ascent.iteration + this.#ascent.recipe.iterations;
    }
    this.#settle();
  }

  /** One iteration, whether paused or not; resolves when its image is on the canvas. */
  step(): Promise<void> {
    return this.#takeTurn(async (ascent) => {
      const [objective] = await ascent.step();
      if (this.#ascent !== ascent) return;
      this.#target = Math.max(this.#target, ascent.iteration);
      this.#present();
      this.#report(ascent, objective === undefined ? [] : [objective]);
    });
  }

  /** Back to the start of the same recipe; resolves when the start is on the canvas. */
  reset(): Promise<void> {
    return this.#takeTurn(async (ascent) => {
      await ascent.reset();
      if (this.#ascent !== ascent) return;
      this.#target = ascent.recipe.iterations;
      this.#rate.clear();
      this.#present();
      this.#report(ascent, []);
    });
  }

  /** Waits for the load, for earlier turns and for the frame in flight, works, and lets the loop go on. */
  #takeTurn(work: (ascent: Ascent) => Promise<void>): Promise<void> {
    const earlier = this.#lastTurn;
    const turn = async () => {
      await earlier;
      // After a lost device the turn begins with a new one.
      if (this.#failure && !this.#ascent && !this.#loading) this.load();
      await this.#loaded;
      this.#settle();
      await this.#loop?.ended;
      const ascent = this.#ascent;
      if (!ascent) return;
      try {
        await work(ascent);
      } catch (error) {
        if (this.#ascent === ascent) this.#fail(error, "run");
      }
    };
    this.#turns++;
    this.#lastTurn = turn().finally(() => {
      this.#turns--;
      this.#settle();
    });
    return this.#lastTurn;
  }

  /** Starts or stops the loop, as everything that decides it stands now. */
  readonly #settle = (): void => {
    const wanted = this.state === "running" && this.#turns === 0;
    if (wanted && !this.#loop && this.#ascent) this.#startLoop(this.#ascent);
    if (!wanted) this.#loop?.abort.abort();
    this.#announce();
  };

  settle(): void {
    this.#settle();
  }

  #startLoop(ascent: Ascent): void {
    const abort = new AbortController();
    this.#rate.clear();
    this.#rate.add(performance.now(), ascent.iteration);
    const ended = this.#run(ascent, abort.signal)
      .catch((error: unknown) => {
        if (this.#ascent === ascent && !abort.signal.aborted) this.#fail(error, "run");
      })
      .then(() => {
        this.#loop = undefined;
        this.#settle();
      });
    this.#loop = { abort, ended };
  }

  /** Draws and tells of every submission, also of those under way when it is stopped: they happen all the same. */
  async #run(ascent: Ascent, signal: AbortSignal): Promise<void> {
    this.#present();
    const iterations = this.#target - ascent.iteration;
    for await (const { objective } of ascent.run({
      iterations,
      signal,
      objective: this.#host.listening,
      frameMs: FRAME_MS,
    })) {
      if (this.#ascent !== ascent) return;
      this.#present();
      this.#report(
        ascent,
        (objective ?? []).map(([first]) => first ?? Number.NaN),
      );
    }
  }

  #report(ascent: Ascent, objectives: readonly number[]): void {
    this.#rate.add(performance.now(), ascent.iteration);
    this.#host.dispatchEvent(
      new AscentStepEvent({
        iteration: ascent.iteration,
        objective: objectives.at(-1),
        objectives,
        iterationsPerSecond: this.#rate.perSecond,
      }),
    );
  }

  get #context(): GPUCanvasContext {
    const context = this.#host.canvas.getContext("webgpu");
    if (!context) throw new DeviceError("This browser gives no WebGPU context to a canvas.");
    return context;
  }

  #present(): void {
    this.#ascent?.present(this.#context, navigator.gpu.getPreferredCanvasFormat());
  }

  #fail(error: unknown, concern: Concern): void {
    const typed = error instanceof AscentError ? error : new AscentError(String(error), { cause: error });
    this.#failure = { error: typed, concern };
    this.#host.requestUpdate();
    this.#loop?.abort.abort();
    this.#announce();
    this.#host.dispatchEvent(new AscentErrorEvent(typed, concern));
  }

  #lose(error: DeviceError): void {
    const ascent = this.#ascent;
    this.#ascent = undefined;
    ascent?.dispose();
    this.#resources.disposeGpu();
    this.#loading?.abort();
    this.#loading = undefined;
    this.#fail(error, "gpu");
  }

  /** Gives back everything: the run, the weights, the device. */
  #free(): void {
    this.#loading?.abort();
    this.#loading = undefined;
    this.#failure = undefined;
    this.#loop?.abort.abort();
    // Before the device goes: Firefox stops painting the page when a canvas still shows a destroyed device's texture.
    if (this.#ascent) this.#context.unconfigure();
    this.#ascent?.dispose();
    this.#ascent = undefined;
    this.#resources.dispose();
    this.#announce();
  }

  #announce(): void {
    const state = this.state;
    if (state === this.#announced) return;
    this.#announced = state;
    this.#host.showState(state);
    this.#host.dispatchEvent(new AscentStateEvent());
  }
}
