/**
 * Which pixels of a photograph speak for an objective: what the methods of this kind have in common. Gradients are
 * with respect to RGB in 0–1 units.
 */
import { type Ascent, type AscentOptions, createAscent } from "../../engine/run/ascent.ts";
import type { Gpu } from "../../gpu/device.ts";
import type { Model, Size } from "../../model/network.ts";
import { defaultRecipe } from "../../optvis/recipe.ts";
import type { MadeTensor } from "../method.ts";
import {
  type GpuReport,
  libraryContext,
  type Result,
  type RunContext,
  remarksOf,
  type Tensor,
  whereRun,
} from "../report.ts";
import { onePhoto } from "./image.ts";
import { greyMap } from "./picture.ts";
import { largestByColour } from "./samples.ts";
import { figure } from "./text.ts";

/** Of `saliency`, `guided`, `smoothgrad`, `integrated` and `gradcam`. */
export interface AttributionReport extends GpuReport {
  readonly method: string;
  /** At the image. */
  readonly objective: number;
  /** At the network's zero input; of integrated gradients alone. */
  readonly baseline?: number;
  /** Of Grad-CAM alone. */
  readonly layer?: string;
}

/** The map at the image's size. */
export const mapTensor = { shape: "[1,1,H,W]" } as const satisfies MadeTensor;

/** `gradient` is what the map was made of. */
export const mapTensors = { map: mapTensor, gradient: { shape: "[1,3,H,W]" } } as const;

/** What the methods have in common that make a map at the image's size. */
export const attribution = {
  input: "photograph",
  subject: "objective",
  makes: mapTensors,
  picture: { draw: greyMap },
  summary: attributionText,
} as const;

/** A photograph, and what is looked for in it. */
export interface AttributionInput {
  readonly objective: string;
  readonly image: Tensor;
}

/** What a method finds out, before it is reported. */
type Finding<Tensors> = Pick<AttributionReport, "objective" | "baseline" | "layer"> & {
  readonly tensors: Tensors;
  readonly remark?: string | undefined;
};

/** How a method looks. */
interface Setting {
  readonly method: string;
  readonly context?: RunContext | undefined;
  /** Images run at once; one if not said. */
  readonly batch?: number;
  readonly plan?: AscentOptions["plan"];
}

/**
 * Builds the ascent, lets `use` work with it, and takes it down again.
 * @throws InputError if the image is not (1,C,H,W) or does not fit the network
 */
export async function withImage<Tensors>(
  gpu: Gpu,
  model: Model,
  { objective, image }: AttributionInput,
  { method, context = libraryContext(), batch = 1, plan }: Setting,
  use: (ascent: Ascent, size: Size, image: Float32Array) => Promise<Finding<Tensors>>,
): Promise<Result<AttributionReport, Tensors>> {
  const size = onePhoto(image);
  const recipe = { ...defaultRecipe, objective, size, batch, redirect: false };
  const ascent = await createAscent(gpu, model, recipe, { first: "gradient", ...(plan && { plan }) });
  try {
    const { tensors, remark, ...found } = await use(ascent, size, image.data);
    const { runtime, adapter } = whereRun(gpu, context);
    const { kernels } = ascent;
    return { report: { runtime, adapter, method, kernels, ...found, ...remarksOf(remark) }, tensors };
  } finally {
    ascent.dispose();
  }
}

/** The largest gradient of the colours, pixel by pixel. */
export async function gradientMap(ascent: Ascent, size: Size, image: Float32Array, subject: string) {
  const { objective, gradient } = await ascent.gradient(image);
  const tensors = mapAndGradient(largestByColour(gradient, size[0] * size[1]), gradient, size);
  return { objective: objective[0] as number, tensors, remark: emptyGradient(tensors.map, subject) };
}

/** The objective at one image, which takes all places of the batch. */
export async function valueAt(ascent: Ascent, image: Float32Array): Promise<number> {
  const { batch } = ascent.plan;
  const images = new Float32Array(batch * image.length);
  for (let n = 0; n < batch; n++) images.set(image, n * image.length);
  const { objective } = await ascent.gradient(images);
  return objective[0] as number;
}

/** A map and what it was made of. */
export function mapAndGradient(map: ArrayLike<number>, gradient: ArrayLike<number>, size: Size) {
  return { map: mapOf(map, size), gradient: planesOf(gradient, size) };
}

/** Every colour of a picture. */
function planesOf(data: ArrayLike<number>, size: Size): Tensor {
  return { shape: [1, data.length / (size[0] * size[1]), ...size], data: Float32Array.from(data) };
}

export function mapOf(data: ArrayLike<number>, size: Size): Tensor {
  return { shape: [1, 1, ...size], data: Float32Array.from(data) };
}

/** What to say of a map that is 0 everywhere. */
export function emptyGradient({ data }: Tensor, objective: string): string | undefined {
  if (data.some((value) => value !== 0)) return undefined;
  return (
    `the map is 0 everywhere: no pixel changes ${objective}, as no unit it depends on fires; ` +
    "try another photograph, or a convolution's channel (conv…) instead of its ReLU's"
  );
}

export function attributionText({ method, layer, objective }: AttributionReport): string {
  return `${method}${layer === undefined ? "" : ` of ${layer}`}, objective ${figure(objective)}`;
}
