/** The element, as the controller of its run sees it. */
import type { ReactiveControllerHost } from "lit";
import type { RunRequest } from "./run-request.ts";

/** `empty`: no model given; `hidden`: would run, but nobody can see it; `finished`: all iterations done. */
export type RunState = "empty" | "loading" | "running" | "hidden" | "paused" | "finished" | "failed";

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
