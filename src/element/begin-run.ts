/** From what an element asks for to an ascent that shows its start. */
import { type Ascent, createAscent } from "../engine/run/ascent.ts";
import { InputError } from "../errors.ts";
import type { Gpu } from "../gpu/device.ts";
import type { Model, Network } from "../model/network.ts";
import type { Concern } from "./events.ts";
import { readPhoto, readTarget } from "./photo.ts";
import { placeInNetwork } from "./placement.ts";
import type { Resources } from "./resources.ts";
import type { RunRequest } from "./run-request.ts";

/** A run that has begun. */
export interface BegunRun {
  readonly gpu: Gpu;
  readonly model: Model;
  readonly ascent: Ascent;
}

/** Why a run could not begin. */
export class BeginFailure extends Error {
  readonly concern: Concern;

  constructor(cause: unknown, concern: Concern) {
    super("the run could not begin", { cause });
    this.concern = concern;
  }
}

/**
 * @param onNetwork told of the network as soon as it is open
 * @returns undefined once `signal` is aborted
 * @throws BeginFailure with the error as its cause, and what it is about
 */
export async function beginRun(
  request: RunRequest,
  resources: Resources,
  signal: AbortSignal,
  onNetwork: (network: Network) => void,
): Promise<BegunRun | undefined> {
  let concern: Concern = "gpu";
  try {
    const arriving = resources.model(request);
    // Without a GPU nobody waits for the model any more.
    arriving.catch(() => {});
    const gpu = await resources.gpu();
    if (signal.aborted) return undefined;
    concern = "model";
    const model = await arriving;
    if (signal.aborted) return undefined;
    onNetwork(model.network);
    placeInNetwork(model.network, request.recipe, (stage) => {
      concern = stage;
    });
    concern = "init";
    const [photo, target] = [await readPhoto(request, signal), await readTarget(request, signal)];
    if (signal.aborted) return undefined;
    concern = "size";
    const tuning = request.tuning && { storage: request.tuning };
    const ascent = await createAscent(gpu, model, request.recipe, { photo, target, tuning });
    return { gpu, model, ascent };
  } catch (error) {
    // Only a refused request is about the size; a shader or a lost device is not.
    throw new BeginFailure(error, concern === "size" && !(error instanceof InputError) ? "run" : concern);
  }
}
