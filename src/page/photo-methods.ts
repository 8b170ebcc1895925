/** The page's methods for photographs, run on the page's network. */

import { decodePhoto } from "../element/photo.ts";
import type { Gpu } from "../gpu/device.ts";
import { usualSize } from "../methods/info.ts";
import type { Drawn, RankedRow, Subject } from "../methods/method.ts";
import { type MethodName, methodNames, methods } from "../methods/methods.ts";
import type { GpuReport, Tensor } from "../methods/report.ts";
import type { Model, Network, Size } from "../model/network.ts";
import { fitPhoto } from "../optvis/picture.ts";
import { layerSpec } from "../optvis/terms/layer.ts";
import { sideFor } from "./sides.ts";

/** Names of the methods that are given photographs and make a picture, or lines with bars. */
export const photoMethods: readonly MethodName[] = methodNames.filter((name) => {
  const { input, picture, rows } = methods[name];
  return (input === "photograph" || input === "photographs") && (picture ?? rows) !== undefined;
});

/** Side in pixels that a photograph is worked on at, where the network takes it. */
export const SIDE = 96;

/** Subjects that the page offers to a method. */
interface Choice {
  /** The objective of the picture above. */
  readonly spec: string;
  /** The layer chosen in the room. */
  readonly layer: string;
}

/** For each kind of subject: whether the room asks for a layer, and the options that a method gets. */
const subjects: Readonly<Record<Subject, { readonly byLayer: boolean; options(choice: Choice): object }>> = {
  none: { byLayer: false, options: () => ({}) },
  objective: { byLayer: false, options: ({ spec }) => ({ objective: spec }) },
  class: { byLayer: false, options: ({ spec }) => ({ objective: spec }) },
  layer: { byLayer: true, options: ({ layer }) => ({ layer }) },
  "layer or objective": { byLayer: true, options: ({ layer }) => ({ objective: layerSpec(layer) }) },
  sought: { byLayer: false, options: ({ spec }) => ({ objective: spec }) },
};

/** Whether a method is about the layer chosen in the room. */
export function isByLayer(name: MethodName): boolean {
  return subjects[methods[name].subject].byLayer;
}

/** Whether it takes all photographs that were chosen. */
export function takesMany(name: MethodName): boolean {
  return methods[name].input === "photographs";
}

/** A method's options, with fewer samples and steps than on the command line, since somebody waits. */
export function optionsFor(name: MethodName, image: Tensor, choice: Choice): object {
  const { subject, quick } = methods[name];
  return { ...subjects[subject].options(choice), image, ...quick };
}

/** The size of photographs for a method: what is compared with a network's training has the size of its training. */
export function sizeFor(name: MethodName, network: Network, { spec, layer }: Choice): Size {
  if (methods[name].view) return usualSize(network);
  const side = sideFor(network, isByLayer(name) ? { layer } : { objective: spec }, SIDE);
  return [side, side];
}

/** What a method made, and what should be known of it. */
export interface Made {
  readonly drawn?: Drawn;
  readonly rows?: readonly RankedRow[];
  readonly remarks: readonly string[];
}

/** Photographs at a size, (N,3,H,W). @throws InputError where the browser cannot decode one */
export async function photoTensor(photos: readonly Blob[], size: Size, fit = fitPhoto): Promise<Tensor> {
  const length = 3 * size[0] * size[1];
  const data = new Float32Array(photos.length * length);
  for (const [n, photo] of photos.entries()) data.set(fit(await decodePhoto(photo), size), n * length);
  return { shape: [photos.length, 3, ...size], data };
}

/**
 * @param onProgress is told how many of the method's steps are done
 * @throws AscentError of every kind
 */
export async function runMethod(
  { gpu, model }: { readonly gpu: Gpu; readonly model: Model },
  name: MethodName,
  options: object,
  onProgress: (step: number) => void,
): Promise<Made> {
  const { run, picture, rows } = methods[name];
  const context = { runtime: "browser", startedAt: performance.timeOrigin, onProgress } as const;
  const result = await run(gpu, model, options, context);
  const { remarks = [] } = result.report as GpuReport;
  return {
    ...(picture && { drawn: picture.draw(result, options) }),
    ...(rows && { rows: rows(result.report) }),
    remarks,
  };
}
