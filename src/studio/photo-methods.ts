/** What can be done with a photograph on the page: the commands of the same names, on the network at hand. */
import { onePhoto } from "../commands/image.ts";
import { type Job, runJob } from "../commands/job.ts";
import type { Tensor } from "../commands/report.ts";
import { decodePhoto } from "../element/photo.ts";
import type { Gpu } from "../gpu/device.ts";
import type { Model } from "../model/network.ts";
import { mapInGrey, mapOverPhoto } from "../optvis/map-picture.ts";
import { fitPhoto } from "../optvis/picture.ts";

type Size = readonly [height: number, width: number];

export interface Method {
  readonly name: string;
  /** One sentence, after the name. */
  readonly what: string;
  /** Whether it needs an objective or a layer. */
  readonly about: "objective" | "class" | "layer";
  /** Steps that progress is counted in; 0 where there is one alone. */
  readonly steps: number;
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
} as const satisfies Readonly<Record<string, Method>>;

export type MethodName = keyof typeof methods;

/** What a method made, as a picture: RGB in 0–1 units, (3,H,W). */
export interface Made {
  readonly rgb: Float32Array;
  readonly size: Size;
}

/** A photograph at a size, (1,3,H,W). @throws InputError where the browser cannot decode it */
export async function photoTensor(photo: Blob, size: Size): Promise<Tensor> {
  return { shape: [1, 3, ...size], data: fitPhoto(await decodePhoto(photo), size) };
}

/** @throws AscentError of every kind */
export async function runMethod(
  { gpu, model }: { readonly gpu: Gpu; readonly model: Model },
  job: Job,
  image: Tensor,
  onProgress: (step: number) => void,
): Promise<Made> {
  const context = { runtime: "browser", startedAt: performance.timeOrigin, onProgress } as const;
  const { tensors } = await runJob(gpu, model, job, context);
  const { map, image: made } = tensors;
  if (made) return { rgb: made.data, size: onePhoto(made) };
  if (!map) throw new Error(`${job.command} made neither a map nor an image`);
  const isCam = "cam" in tensors;
  const rgb = isCam ? mapOverPhoto(map.data, image.data) : mapInGrey(map.data);
  return { rgb, size: onePhoto(image) };
}
