/** `examples`: which of many images excite a channel, a class or a neuron most, and which part of them does it. */

import { receptiveWindow, wholeWindow } from "../engine/plan/window.ts";
import { type Ascent, createAscent } from "../engine/run/ascent.ts";
import { InputError } from "../errors.ts";
import type { Network, Shape, Size } from "../model/network.ts";
import { findLayer, layerChannels, layerShapes } from "../model/shapes.ts";
import type { Window } from "../nn/preprocess.ts";
import { isDense } from "../nn/registry.ts";
import { number } from "../optvis/field.ts";
import { inRgb } from "../optvis/grey.ts";
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
import { channelSpec } from "../optvis/terms/channels.ts";
import { type Drawn, method, type Sought } from "./method.ts";
import { type GpuReport, libraryContext, type Tensor, whereRun } from "./report.ts";
import { exampleSheet } from "./shared/example-sheet.ts";
import { finiteImage, imageSize } from "./shared/image.ts";
import { sampleBatch } from "./shared/samples.ts";
import { figure } from "./shared/text.ts";

/** How much one of many images excites what is looked for. */
export interface Example {
  /** Which of the images. */
  readonly index: number;
  readonly value: number;
  /** Row and column of the unit in its layer; null where the objective is no single unit or channel. */
  readonly position: readonly [y: number, x: number] | null;
  /** What the unit sees of the image; all of it where there is no position. */
  readonly patch: Window;
}

export interface ExamplesReport extends GpuReport {
  readonly objective: string;
  /** One an image, in the order of the images. */
  readonly examples: readonly Example[];
}

/** A unit's place in its layer, and how much it is excited. */
interface Peak {
  readonly position: readonly [y: number, x: number];
  readonly activation: number;
}

const options = {
  top: number({ label: "Shown", help: "how many are kept", default: 9, least: 1, most: 1024, whole: true }),
};

/**
 * A forward pass of every image. Of an objective the value is that of the whole image; of a layer's channel it is the
 * activation at its strongest position. Either way a channel or a neuron has a position, and its receptive field there
 * is the patch; whatever else is asked for sees the whole image. The report has one example an image, in their order;
 * `top` is how many the picture shows.
 *
 * It refuses an objective of several images, or one that compares with a photograph, and images that are not (N,3,H,W)
 * or do not fit the network (InputError).
 */
export const examples = method({
  name: "Examples",
  sentence:
    "Find the images that excite a channel, a class or a neuron most, and the part of them that does.",
  caption: "which of several photographs excite the subject most, and which part of them",
  source: "Zeiler and Fergus 2014",
  input: "photographs",
  subject: "sought",
  options,
  makes: {},
  examples: [
    "--model embedded --images photos/ --objective class:goldfish --size 128 --out goldfish.png",
    "--model vgg19.safetensors --preprocess caffe --images photos/ --layer conv3_4 --channel 17 --out patches.png",
  ],
  picture: {
    note: "each image with its patch beside it",
    draw({ report }: { readonly report: ExamplesReport }, { image, top = options.top.default }) {
      return drawExamples(report.examples, image, top);
    },
  },
  steps: ({ image }) => imageSize(image.shape)[0],
  async run(gpu, model, given, context = libraryContext()) {
    const { image } = given;
    const [count, height, width] = finiteImage(image);
    const size = [height, width] as const;
    const objective = soughtObjective(given, model.network);
    const unit = singleUnit(objective, model.network, size);
    // A channel is strongest somewhere; a neuron has its place.
    const fixed = unit && positionOf(unit);
    const channel = fixed ? undefined : unit;
    const keep = channel?.layer;
    const one = { ...image, data: image.data.subarray(0, image.data.length / count) };
    const batch = sampleBatch(one, count);
    const recipe = { ...defaultRecipe, objective, size, batch, redirect: false };
    const plan = keep !== undefined && { plan: { keep } };
    const ascent = await createAscent(gpu, model, recipe, { first: "value", ...plan });
    const found: Example[] = [];
    try {
      await inBatches(ascent, image, async (values, first) => {
        const peaks = channel ? await peaksOf(ascent, channel, model.network, size) : [];
        values.forEach((value, n) => {
          const peak = peaks[n];
          const position = peak?.position ?? fixed;
          const patch =
            unit && position ? receptiveWindow(model.network, size, unit.layer, position) : wholeWindow(size);
          const strongest = "layer" in given ? peak?.activation : undefined;
          found.push({ index: first + n, value: strongest ?? value, position: position ?? null, patch });
        });
        context.onProgress?.(first + values.length);
      });
    } finally {
      ascent.dispose();
    }
    const { kernels } = ascent;
    const report: ExamplesReport = { ...whereRun(gpu, context), objective, examples: found, kernels };
    return { report, tensors: {} };
  },
  summary({ objective, examples: found }: ExamplesReport) {
    const [best] = strongestFirst(found);
    const most = best ? `, most in image ${best.index}: ${figure(best.value)}` : "";
    return `${objective} in ${found.length} images${most}`;
  },
});

/** The strongest images with their patches. @param image (N,3,H,W) */
function drawExamples(found: readonly Example[], { shape, data }: Tensor, top: number): Drawn {
  const [, height, width] = imageSize(shape);
  const area = height * width;
  const length = data.length / (shape[0] as number);
  const best = strongestFirst(found).slice(0, top);
  const shown = best.map(({ index, patch }) => ({
    rgb: inRgb(data.subarray(index * length, (index + 1) * length), area),
    patch,
  }));
  return { ...exampleSheet(shown, [height, width]), order: best.map(({ index }) => index) };
}

/** The strongest first; of equals the first one given. */
export function strongestFirst<T extends Pick<Example, "value">>(all: readonly T[]): T[] {
  return all.toSorted((a, b) => b.value - a.value);
}

/** The objective's text. @throws InputError where it is about several images, or compares with another */
export function soughtObjective(sought: Sought, network: Network): string {
  const spec =
    "layer" in sought ? channelSpec(sought.layer, expectChannel(sought, network)) : sought.objective;
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
