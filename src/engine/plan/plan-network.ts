/** The passes through the network that an objective needs, at one size of its input. */
import { InputError } from "../../errors.ts";
import type { Dispatch } from "../../gpu/dispatch.ts";
import type { Network, Shape, Size } from "../../model/network.ts";
import { findLayer, imageChannels, layerShapes } from "../../model/shapes.ts";
import type { ChooseVariant } from "../../nn/conv3x3.ts";
import type { Window } from "../../nn/preprocess.ts";
import { placeObjective } from "../../optvis/objective.ts";
import { partialsBytes } from "../../optvis/reduce.ts";
import type { Objective } from "../../optvis/term.ts";
import { backwardPass } from "./backward.ts";
import { PARTIALS } from "./buffer-names.ts";
import { type Copy, forwardPass } from "./forward.ts";
import type { Allocation } from "./memory.ts";
import type { PlanOptions } from "./plan.ts";
import { deepestLayer, planSteps, type Step, wholeFlops } from "./steps.ts";
import type { Walk } from "./walk.ts";
import { wholeWindow, windowOf } from "./window.ts";

/** The passes through a network for one size of its input. */
export interface NetworkPasses {
  readonly size: Size;
  /** The part of the input that is computed. */
  readonly window: Window;
  readonly steps: readonly Step[];
  /** Multiplications and additions of whole layers of the whole input, one way. */
  readonly flops: number;
  readonly forward: readonly Dispatch[];
  /** Those of `forward` that only the objective's value needs. */
  readonly valueOnly: readonly Dispatch[];
  readonly backward: readonly Dispatch[];
  readonly redirectedBackward: readonly Dispatch[];
  /** For the gradient at the image itself. */
  readonly stillBackward: readonly Dispatch[];
  readonly targetShares: readonly Copy[];
  readonly inputGradient: string;
}

export function planNetwork(
  network: Network,
  objective: Objective,
  input: { readonly size: Size; readonly batch: number; readonly redirect: boolean },
  options: PlanOptions & { readonly convVariant: ChooseVariant },
  memory: Allocation,
): NetworkPasses {
  const { batch, redirect, size } = input;
  const [height, width] = size;
  const upTo = deepestLayer(network, objective);
  const shapes = layerShapes(network, size, { upTo });
  const placed = placeObjective(objective, shapes, batch).terms;
  const layers = network.layers.slice(0, shapes.size);
  const whole = options.wholeLayers || options.keep !== undefined || options.cam !== undefined;
  const { window, terms } = whole
    ? { window: wholeWindow(size), terms: placed }
    : windowOf(network, shapes, size, placed);
  const within = layerShapes(network, [window.height, window.width], { upTo });
  const stepOptions = {
    convVariant: options.convVariant,
    wholeLayers: options.wholeLayers ?? false,
    bindingLimit: options.bindingLimit,
    keep: options.keep,
    cam: options.cam,
  };
  for (const name of [options.keep, options.cam]) expectWithin(name, network, shapes);
  // Two slots beside the terms': the L2 term and the gradient's norm.
  const partials = memory.buffer(PARTIALS, "workspace", partialsBytes(batch, terms.length + 2));
  const channels = imageChannels(network);
  const image = { channels, height: window.height, width: window.width };
  const steps = planSteps(network, within, image, batch, terms, stepOptions, memory);
  const walk: Walk = { steps, batch, memory, cam: options.cam, partials };
  const forward = forwardPass(walk);
  const backward = backwardPass(walk, forward.last, "plain");
  return {
    size,
    window,
    steps,
    flops: wholeFlops(batch, layers, shapes, { channels, height, width }),
    forward: forward.dispatches,
    valueOnly: forward.valueOnly,
    backward: backward.dispatches,
    redirectedBackward: redirect ? backwardPass(walk, forward.last, "redirect").dispatches : [],
    targetShares: forward.targetShares,
    stillBackward: options.guided
      ? backwardPass(walk, forward.last, "guided").dispatches
      : backward.dispatches,
    inputGradient: backward.input,
  };
}

/** A layer beyond the deepest one that the objective reads is never computed, and its gradient is zero. */
function expectWithin(name: string | undefined, network: Network, shapes: ReadonlyMap<string, Shape>): void {
  if (name === undefined || shapes.has(findLayer(network, name).name)) return;
  const computed = [...shapes.keys()];
  throw new InputError(
    `layer ${name} lies beyond ${computed.at(-1)}, the deepest layer that the objective reads`,
    { remedy: `layers before it: ${computed.join(" ")}` },
  );
}
