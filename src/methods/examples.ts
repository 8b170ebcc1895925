/** `examples`: which of many images excite a channel, a class or a neuron most, and which part of them does it. */

import { receptiveWindow, wholeWindow } from "../engine/plan/window.ts";
import { type Ascent, createAscent } from "../engine/run/ascent.ts";
import { InputError } from "../errors.ts";
import type { Gpu } from "../gpu/device.ts";
import type { Model, Network, Shape, Size } from "../model/network.ts";
import { findLayer, layerChannels, layerShapes } from "../model/shapes.ts";
import { isDense } from "../nn/registry.ts";
import { parseObjective, placeObjective } from "../optvis/objective.ts";
import { defaultRecipe } from "../optvis/recipe.ts";
import {
  isOfOneImage,
  isUnit,
  needsPhoto,
  positionOf,
  readsOpacity,
  type Term,
  type UnitTerm,
} from "../optvis/term.ts";
import { finiteImage } from "./image.ts";
import type { Example, ExamplesReport, Result, RunContext, Tensor } from "./report.ts";
import { sampleBatch } from "./samples.ts";

/** What is looked for: an objective of the whole image, or a layer's channel where it is strongest. */
export type Sought =
  | { readonly objective: string }
  | {
      readonly layer: string;
      /** Counted from zero. */
      readonly channel: number;
    };

export type ExamplesOptions = Sought & {
  /** (N,3,H,W), RGB in 0–1 units. */
  readonly image: Tensor;
};

/** A unit's place in its layer, and how much it is excited. */
interface Peak {
  readonly position: readonly [y: number, x: number];
  readonly activation: number;
}

/**
 * A forward pass of every image. Of an objective the value is that of the whole image; of a layer's channel it is the
 * activation at its strongest position (Zeiler and Fergus 2014). Either way a channel or a neuron has a position, and
 * its receptive field there is the patch; whatever else is asked for sees the whole image.
 *
 * @returns one example an image, in their order
 * @throws InputError for an objective of several images, or one that compares with a photograph; for images that are
 *   not (N,3,H,W) or do not fit the network
 */
export async function examples(
  gpu: Gpu,
  model: Model,
  options: ExamplesOptions,
  context: RunContext,
): Promise<Result<ExamplesReport>> {
  const { image } = options;
  const [count, height, width] = finiteImage(image);
  const size = [height, width] as const;
  const objective = soughtObjective(options, model.network);
  const unit = singleUnit(objective, model.network, size);
  // A channel is strongest somewhere; a neuron has its place.
  const fixed = unit && positionOf(unit);
  const channel = fixed ? undefined : unit;
  const keep = channel?.layer;
  const one = { ...image, data: image.data.subarray(0, image.data.length / count) };
  const batch = sampleBatch(one, count);
  const recipe = { ...defaultRecipe, objective, size, batch, redirect: false };
  const ascent = await createAscent(gpu, model, recipe, {
    first: "value",
    ...(keep !== undefined && { plan: { keep } }),
  });
  const found: Example[] = [];
  try {
    await inBatches(ascent, image, async (values, first) => {
      const peaks = channel ? await peaksOf(ascent, channel, model.network, size) : [];
      values.forEach((value, n) => {
        const peak = peaks[n];
        const position = peak?.position ?? fixed;
        const patch =
          unit && position ? receptiveWindow(model.network, size, unit.layer, position) : wholeWindow(size);
        const strongest = "layer" in options ? peak?.activation : undefined;
        found.push({ index: first + n, value: strongest ?? value, position: position ?? null, patch });
      });
      context.onProgress?.(first + values.length);
    });
  } finally {
    ascent.dispose();
  }
  const { runtime } = context;
  const report = { runtime, adapter: gpu.adapterName, objective, examples: found, kernels: ascent.kernels };
  return { report, tensors: {} };
}

/** The strongest first; of equals the first one given. */
export function strongestFirst<T extends Pick<Example, "value">>(all: readonly T[]): T[] {
  return all.toSorted((a, b) => b.value - a.value);
}

/** The objective's text. @throws InputError where it is about several images, or compares with another */
export function soughtObjective(sought: Sought, network: Network): string {
  const spec =
    "layer" in sought ? `channel:${sought.layer}:${expectChannel(sought, network)}` : sought.objective;
  const { terms } = parseObjective(spec, network);
  const unfit = terms.find((term) => !fits(term));
  if (unfit === undefined) return spec;
  throw new InputError(`objective: ${unfit.kind} says nothing about one image by itself`, {
    remedy: "look for examples of a channel, a neuron, a class, a layer or a direction",
  });
}

function expectChannel({ layer, channel }: Extract<Sought, { layer: string }>, network: Network): number {
  const count = layerChannels(network, layer);
  if (Number.isInteger(channel) && channel >= 0 && channel < count) return channel;
  throw new InputError(`channel: ${layer} has no channel ${channel}`, {
    remedy: `channels are 0 to ${count - 1}`,
  });
}

function fits(term: Term): boolean {
  return isOfOneImage(term) && !needsPhoto(term) && !readsOpacity(term);
}

/** The one channel or placed neuron that the objective consists of, if it does; units of linear layers have no place. */
function singleUnit(spec: string, network: Network, size: Size): UnitTerm | undefined {
  const objective = parseObjective(spec, network);
  const [term, ...more] = objective.terms;
  if (!term || more.length > 0 || isDense(findLayer(network, term.layer))) return undefined;
  const shapes = layerShapes(network, size, { upTo: term.layer });
  const placed = placeObjective(objective, shapes).terms[0];
  return placed && isUnit(placed) ? placed : undefined;
}

/** Goes through the images, `ascent.plan.batch` at a time; what fills the last batch up is left out. */
async function inBatches(
  ascent: Ascent,
  { data, shape }: Tensor,
  use: (values: readonly number[], first: number) => Promise<void>,
): Promise<void> {
  const { batch } = ascent.plan;
  const count = shape[0] as number;
  const length = data.length / count;
  const images = new Float32Array(batch * length);
  for (let first = 0; first < count; first += batch) {
    const fresh = Math.min(batch, count - first);
    images.set(data.subarray(first * length, (first + fresh) * length));
    await use([...(await ascent.value(images))].slice(0, fresh), first);
  }
}

/** Of every image of the batch, where the channel is strongest; the first of equal positions. */
async function peaksOf(ascent: Ascent, term: UnitTerm, network: Network, size: Size): Promise<Peak[]> {
  const shape = layerShapes(network, size, { upTo: term.layer }).get(term.layer) as Shape;
  const { channels, height, width } = shape;
  const activation = await ascent.readActivation(term.layer);
  const { channel, weight } = term;
  const border = ("border" in term && term.border) || 0;
  return Array.from({ length: ascent.plan.batch }, (_, n) => {
    const plane = (n * channels + channel) * height * width;
    let best: Peak | undefined;
    for (let y = border; y < height - border; y++) {
      for (let x = border; x < width - border; x++) {
        const value = activation[plane + y * width + x] as number;
        if (!best || value * weight > best.activation * weight)
          best = { position: [y, x], activation: value };
      }
    }
    return best as Peak;
  });
}
