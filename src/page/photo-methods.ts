/** What can be done with photographs on the page: the commands of the same names, on the network at hand. */

import { decodePhoto } from "../element/photo.ts";
import type { Gpu } from "../gpu/device.ts";
import { exampleSheet } from "../methods/example-sheet.ts";
import { strongestFirst } from "../methods/examples.ts";
import { onePhoto } from "../methods/image.ts";
import { type Job, runJob } from "../methods/job.ts";
import type { ExamplesReport, Tensor } from "../methods/report.ts";
import type { Model, Size } from "../model/network.ts";
import { mapInGrey, mapOverPhoto } from "../optvis/map-picture.ts";
import { fitPhoto } from "../optvis/picture.ts";

export interface Method {
  readonly name: string;
  /** One sentence, after the name. */
  readonly what: string;
  /** Whether it needs an objective or a layer. */
  readonly about: "objective" | "class" | "layer";
  /** Steps that progress is counted in; 0 where there is one alone. */
  readonly steps: number;
  /** Whether it takes all photographs that were chosen at once, (N,3,H,W). */
  readonly many?: true;
  job(image: Tensor, spec: string, layer: string): Job;
}

/** Fewer samples and steps than on the command line: somebody is waiting. */
export const methods = {
  saliency: {
    name: "Saliency",
    what: "which pixels the subject depends on",
    about: "objective",
    steps: 0,
    job: (image, objective) => ({ command: "attribution", method: "saliency", objective, image }),
  },
  guided: {
    name: "Guided backpropagation",
    what: "the same, following positive gradients alone",
    about: "objective",
    steps: 0,
    job: (image, objective) => ({ command: "attribution", method: "guided", objective, image }),
  },
  smoothgrad: {
    name: "SmoothGrad",
    what: "the mean of the saliency of noisy copies",
    about: "objective",
    steps: 16,
    job: (image, objective) => ({
      command: "attribution",
      method: "smoothgrad",
      objective,
      image,
      samples: 16,
    }),
  },
  integrated: {
    name: "Integrated gradients",
    what: "each pixel's share of the subject's score",
    about: "objective",
    steps: 16,
    job: (image, objective) => ({
      command: "attribution",
      method: "integrated",
      objective,
      image,
      steps: 16,
    }),
  },
  gradcam: {
    name: "Grad-CAM",
    what: "the places that speak for the subject",
    about: "objective",
    steps: 0,
    job: (image, objective) => ({ command: "attribution", method: "gradcam", objective, image }),
  },
  fool: {
    name: "Fool",
    what: "change it until it is taken for the subject's class",
    about: "class",
    steps: 100,
    job: (image, objective) => ({ command: "fool", objective, image }),
  },
  dream: {
    name: "DeepDream",
    what: "more of what a layer sees in it",
    about: "layer",
    steps: 40,
    job: (image, _, layer) => ({ command: "dream", objective: `layer:${layer}`, image }),
  },
  invert: {
    name: "Inversion",
    what: "an image that looks the same to a layer",
    about: "layer",
    steps: 96,
    job: (image, _, layer) => ({ command: "reconstruct", method: "invert", layer, image, iterations: 96 }),
  },
  caricature: {
    name: "Caricature",
    what: "what a layer sees, exaggerated",
    about: "layer",
    steps: 96,
    job: (image, _, layer) => ({
      command: "reconstruct",
      method: "caricature",
      layer,
      image,
      iterations: 96,
    }),
  },
  grid: {
    name: "Activation grid",
    what: "what a layer sees at every place",
    about: "layer",
    steps: 0,
    job: (image, _, layer) => ({ command: "grid", layer, image, cells: 5, cell: 32, iterations: 48 }),
  },
  examples: {
    name: "Examples",
    what: "which of several photographs excite the subject most, and which part of them",
    about: "objective",
    steps: 0,
    many: true,
    job: (image, objective) => ({ command: "examples", objective, image }),
  },
} as const satisfies Readonly<Record<string, Method>>;

export type MethodName = keyof typeof methods;

/** What a method made, as a picture: RGB in 0–1 units, (3,H,W). */
export interface Made {
  readonly rgb: Float32Array;
  readonly size: Size;
  /** Which of the photographs are in it, the strongest first, where it was made of several. */
  readonly order?: readonly number[];
}

/** Of several photographs those that are shown. */
const EXAMPLES = 9;

/** Photographs at a size, (N,3,H,W). @throws InputError where the browser cannot decode one */
export async function photoTensor(photos: readonly Blob[], size: Size): Promise<Tensor> {
  const length = 3 * size[0] * size[1];
  const data = new Float32Array(photos.length * length);
  for (const [n, photo] of photos.entries()) data.set(fitPhoto(await decodePhoto(photo), size), n * length);
  return { shape: [photos.length, 3, ...size], data };
}

/** @throws AscentError of every kind */
export async function runMethod(
  { gpu, model }: { readonly gpu: Gpu; readonly model: Model },
  job: Job,
  image: Tensor,
  onProgress: (step: number) => void,
): Promise<Made> {
  const context = { runtime: "browser", startedAt: performance.timeOrigin, onProgress } as const;
  const { report, tensors } = await runJob(gpu, model, job, context);
  if ("examples" in report) return exampleSheetOf(report, image);
  const { map, image: made } = tensors;
  if (made) return { rgb: made.data, size: onePhoto(made) };
  if (!map) throw new Error(`${job.command} made neither a map nor an image`);
  const isCam = "cam" in tensors;
  const rgb = isCam ? mapOverPhoto(map.data, image.data) : mapInGrey(map.data);
  return { rgb, size: onePhoto(image) };
}

/** The strongest photographs with their patches. */
function exampleSheetOf({ examples }: ExamplesReport, { shape, data }: Tensor): Made {
  const size = [shape[2] as number, shape[3] as number] as const;
  const length = 3 * size[0] * size[1];
  const best = strongestFirst(examples).slice(0, EXAMPLES);
  const shown = best.map(({ index, patch }) => ({
    rgb: data.subarray(index * length, (index + 1) * length),
    patch,
  }));
  return { ...exampleSheet(shown, size), order: best.map(({ index }) => index) };
}
