/**
 * The asynchronous life of one `<ascent-view>`: loading a run, and when to step it.
 *
 * Whatever arrives late (weights, compiled pipelines, the frame in flight) is checked against the signal
 * it was started under and dropped if that is no longer the current one.
 */
import type { ReactiveController } from "lit";
import { formatVariants } from "../engine/kernels/variant-text.ts";
import type { Ascent, Checkpoint, LiveSettings } from "../engine/run/ascent.ts";
import { type AscentError, asAscentError, type DeviceError, InputError } from "../errors.ts";
import type { Network } from "../model/network.ts";
import { endOf } from "../optvis/course.ts";
import { Silence } from "../optvis/silence.ts";
import { BeginFailure, type BegunRun, beginRun } from "./begin-run.ts";
import {
  AscentErrorEvent,
  AscentReadyEvent,
  AscentRemarkEvent,
  AscentStateEvent,
  AscentStepEvent,
  AscentTransferEvent,
  type Concern,
} from "./events.ts";
import { closeCanvas, openCanvas, paint } from "./picture-canvas.ts";
import { RateMeter } from "./rate-meter.ts";
import { Resources } from "./resources.ts";
import type { RunHost, RunState } from "./run-host.ts";
import { type RunRequest, steeringOf } from "./run-request.ts";
import { StepLoop } from "./step-loop.ts";
import { Turns } from "./turns.ts";

/** An error, and what it is about. */
interface Failure {
  readonly error: AscentError;
  readonly concern: Concern;
}

/** Iterations between two pictures on the canvas take about this long where the device is fast enough. */
const FRAME_MS = 16;

export class RunController implements ReactiveController {
  readonly #host: RunHost;
  readonly #resources = new Resources({
    onTransfer: (transfer) => void this.#host.dispatchEvent(new AscentTransferEvent(transfer)),
    onRemark: (remark) => void this.#host.dispatchEvent(new AscentRemarkEvent(remark)),
  });
  readonly #rate = new RateMeter();
  readonly #observer: IntersectionObserver;
  #network: Network | undefined;
  #ascent: Ascent | undefined;
  #failure: Failure | undefined;
  /** What was asked for last; undefined where that contradicted itself. */
  #asked: RunRequest | undefined;
  /** The newest load; aborted by the next one and by leaving the document. */
  #loading: AbortController | undefined;
  #loaded: Promise<void> = Promise.resolve();
  readonly #loop = new StepLoop();
  /** The loop rests while there are any. */
  readonly #turns = new Turns();
  readonly #silence = new Silence();
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

  /** What should be known of the picture, in one line; only where objective values are read back. */
  get remark(): string | undefined {
    return this.#ascent && this.#silence.remark(this.#ascent.recipe);
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

  /** Iterations after which it rests. */
  get end(): number {
    return this.#target;
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

  /** Takes what the host asks for now: a run that is going is steered where it can be, else it starts again. */
  follow(): void {
    const before = this.#asked;
    const now = this.#request();
    this.#asked = now;
    const live = before && now && steeringOf(before, now);
    if (live && Object.keys(live).length === 0) return;
    // What is being loaded, or has failed, is of before the change.
    if (!live || this.#loading || this.#failure) this.load();
    else this.#steer(live);
  }

  #request(): RunRequest | undefined {
    try {
      return this.#host.request();
    } catch {
      // `load` asks again, and says why not.
      return undefined;
    }
  }

  /** What the recipe has no use for, or the plan was not made for, fails as a load does or needs one. */
  #steer(live: LiveSettings): void {
    try {
      this.#ascent?.set(live);
      if (live.iterations !== undefined) this.#target = Math.max(live.iterations, this.iteration);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      this.load();
    }
  }

  /** Loads what the host asks for now and starts it from its first iteration; the old image stays until then. */
  load(): void {
    this.#loading?.abort();
    this.#loading = undefined;
    if (this.#failure) this.#host.requestUpdate();
    this.#failure = undefined;
    this.#loop.stop();
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
    try {
      const run = await beginRun(request, this.#resources, signal, (network) => {
        this.#network = network;
      });
      await this.#loop.ended();
      if (run && signal.aborted) run.ascent.dispose();
      else if (run) this.#adopt(run);
    } catch (error) {
      if (signal.aborted) return;
      this.#loading = undefined;
      if (error instanceof BeginFailure) this.#fail(error.cause, error.concern);
      else this.#fail(error, "run");
    }
  }

  /** Puts a new run in the place of the old one. */
  #adopt({ gpu, model, ascent }: BegunRun): void {
    this.#loading = undefined;
    this.#ascent?.dispose();
    this.#ascent = ascent;
    this.#target = endOf(ascent.recipe);
    this.#silence.clear();
    openCanvas(this.#host.canvas, gpu, ascent);
    this.#present();
    void ascent.lost.then((error) => {
      if (this.#ascent === ascent) this.#lose(error);
    });
    this.#host.dispatchEvent(
      new AscentReadyEvent({
        network: model.network,
        preprocess: model.preprocess,
        unusedTensors: model.unusedTensors,
        assumptions: model.assumptions,
        adapterName: gpu.adapterName,
        plannedBytes: ascent.plan.bytes,
        kernels: formatVariants(ascent.plan.convolutions),
      }),
    );
    this.#settle();
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
      const objective = await ascent.step();
      if (this.#ascent !== ascent) return;
      this.#target = Math.max(this.#target, ascent.iteration);
      this.#present();
      this.#report(ascent, objective.length > 0 ? [objective] : []);
    });
  }

  /** Back to the start of the same recipe; resolves when the start is on the canvas. */
  reset(): Promise<void> {
    return this.#takeTurn(async (ascent) => {
      await ascent.reset();
      if (this.#ascent !== ascent) return;
      this.#target = endOf(ascent.recipe);
      this.#rate.clear();
      this.#silence.clear();
      this.#present();
      this.#report(ascent, []);
    });
  }

  /** Goes on from a checkpoint of this run; resolves when its picture is on the canvas. */
  restore(checkpoint: Checkpoint): Promise<void> {
    return this.#takeTurn(async (ascent) => {
      await ascent.restore(checkpoint);
      if (this.#ascent !== ascent) return;
      this.#target = Math.max(endOf(ascent.recipe), ascent.iteration);
      this.#rate.clear();
      this.#silence.clear();
      this.#present();
      this.#report(ascent, []);
    });
  }

  /** Waits for earlier turns, for the load and for the frame in flight, works, and lets the loop go on. */
  #takeTurn(work: (ascent: Ascent) => Promise<void>): Promise<void> {
    return this.#turns.take(async () => {
      // After a lost device the turn begins with a new one.
      if (this.#failure && !this.#ascent && !this.#loading) this.load();
      await this.#loaded;
      this.#settle();
      await this.#loop.ended();
      const ascent = this.#ascent;
      if (!ascent) return;
      try {
        await work(ascent);
      } catch (error) {
        if (this.#ascent === ascent) this.#fail(error, "run");
      }
    }, this.#settle);
  }

  /** Starts or stops the loop, as everything that decides it stands now. */
  readonly #settle = (): void => {
    const wanted = this.state === "running" && !this.#turns.any;
    if (wanted && !this.#loop.going && this.#ascent) this.#startLoop(this.#ascent);
    if (!wanted) this.#loop.stop();
    this.#announce();
  };

  settle(): void {
    this.#settle();
  }

  #startLoop(ascent: Ascent): void {
    this.#rate.clear();
    this.#rate.add(performance.now(), ascent.iteration);
    this.#loop.start(
      (signal) => this.#run(ascent, signal),
      (error) => {
        if (this.#ascent === ascent) this.#fail(error, "run");
      },
      this.#settle,
    );
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
      this.#report(ascent, objective ?? []);
    }
  }

  /** @param values of each iteration that arrived, and each image */
  #report(ascent: Ascent, values: readonly (readonly number[])[]): void {
    const objectives = values.map(([first]) => first ?? Number.NaN);
    for (const ofImages of values) this.#silence.record(ofImages);
    this.#rate.add(performance.now(), ascent.iteration);
    this.#host.dispatchEvent(
      new AscentStepEvent({
        iteration: ascent.iteration,
        objective: objectives.at(-1),
        objectives,
        iterationsPerSecond: this.#rate.perSecond,
        remark: this.remark,
      }),
    );
  }

  #present(): void {
    if (this.#ascent) paint(this.#host.canvas, this.#ascent);
  }

  #fail(error: unknown, concern: Concern): void {
    const typed = asAscentError(error);
    this.#failure = { error: typed, concern };
    this.#host.requestUpdate();
    this.#loop.stop();
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
    this.#loop.stop();
    // Before the device goes.
    if (this.#ascent) closeCanvas(this.#host.canvas);
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
