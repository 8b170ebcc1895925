/** What `<ascent-view>` tells the page. None of these bubble: they concern one element. */
import type { AscentError } from "../errors.ts";
import type { Network, Preprocess } from "../model/network.ts";
import type { Transfer } from "../model/transfer.ts";

/** What a failure is about, so that a page can put the message beside the control concerned. */
export type Concern = "gpu" | "model" | "objective" | "size" | "init" | "run";

export interface ReadyDetail {
  readonly network: Network;
  readonly preprocess: Preprocess;
  /** Names of the file's tensors that the network does not use. */
  readonly unusedTensors: readonly string[];
  /** What neither the file nor the element's attributes said of the network, and was taken for granted. */
  readonly assumptions: readonly string[];
  readonly adapterName: string;
  /** Bytes the plan holds on the GPU. */
  readonly plannedBytes: number;
  /** The variant of every convolution's passes, which this run keeps: `LAYER.PASS=VARIANT`. */
  readonly kernels: readonly string[];
}

export interface StepDetail {
  /** Finished iterations. */
  readonly iteration: number;
  /** The newest objective value, on the image before its update, L2 included; undefined when none arrived. */
  readonly objective: number | undefined;
  /** All values that arrived since the last event, oldest first, one an iteration. */
  readonly objectives: readonly number[];
  /** Over the last second or so. */
  readonly iterationsPerSecond: number;
  /** What should be known of the picture, in one line: that the objective stayed 0, why, and what to try. */
  readonly remark: string | undefined;
}

/** A network is loaded and its start is on the canvas; sent again after every change that needs a new plan. */
export class AscentReadyEvent extends CustomEvent<ReadyDetail> {
  constructor(detail: ReadyDetail) {
    super("ascent-ready", { detail });
  }
}

/** Some iterations are done and their image is on the canvas; at most one a frame. */
export class AscentStepEvent extends CustomEvent<StepDetail> {
  constructor(detail: StepDetail) {
    super("ascent-step", { detail });
  }
}

/** Weights are on the way from an address: bytes that came, and bytes that are to come by what is known so far. */
export class AscentTransferEvent extends CustomEvent<Transfer> {
  constructor(detail: Transfer) {
    super("ascent-transfer", { detail });
  }
}

/** What does not stop the work, in a sentence: that there is no room to keep a download, or no connection. */
export class AscentRemarkEvent extends CustomEvent<string> {
  constructor(detail: string) {
    super("ascent-remark", { detail });
  }
}

/** Something went wrong; the canvas keeps its last image. */
export class AscentErrorEvent extends CustomEvent<AscentError> {
  readonly concern: Concern;

  constructor(error: AscentError, concern: Concern) {
    super("ascent-error", { detail: error });
    this.concern = concern;
  }
}

/** The run began, paused, was hidden, finished or failed; read the element's `state`. */
export class AscentStateEvent extends Event {
  constructor() {
    super("ascent-state");
  }
}

declare global {
  interface HTMLElementEventMap {
    "ascent-ready": AscentReadyEvent;
    "ascent-step": AscentStepEvent;
    "ascent-error": AscentErrorEvent;
    "ascent-transfer": AscentTransferEvent;
    "ascent-remark": AscentRemarkEvent;
    "ascent-state": AscentStateEvent;
  }
}
