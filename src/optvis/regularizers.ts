/**
 * Regularizers: L2, which pulls toward the zero input and is part of the objective; Gaussian blur of the image or its
 * gradient; and clipping, which sets small pixels to the zero input. The decay is part of the optimizer's step.
 */
import { blur_columns, blur_rows } from "../../shaders/blur.wgsl";
import { clip_contribution, clip_norm, clip_select, clip_small } from "../../shaders/clip.wgsl";
import { l2_backward, l2_forward } from "../../shaders/objective.wgsl";
import { InputError } from "../errors.ts";
import { type BufferRef, type Dispatch, dispatch, fold } from "../gpu/dispatch.ts";
import { type Colours, coloursOf, ofColours, type Preprocessing, vectorOf } from "../nn/preprocess.ts";
import type { Recipe } from "./recipe.ts";
import { PARTIALS } from "./reduce.ts";

/** These change pixels one by one, so there must be pixels that are optimised. */
const OF_PIXELS = ["blur", "clipNorm", "clipContribution"] as const satisfies readonly (keyof Recipe)[];

/** None of them. */
export const withoutPixelRegularizers = Object.fromEntries(OF_PIXELS.map((field) => [field, 0])) as Readonly<
  Record<(typeof OF_PIXELS)[number], 0>
>;

/** @throws InputError for a regularizer that the parameterization has no use for */
export function expectRegularizers({
  param,
  ...recipe
}: Pick<Recipe, "param" | (typeof OF_PIXELS)[number]>): void {
  if (param === "pixel") return;
  const asked = OF_PIXELS.find((field) => recipe[field] > 0);
  if (asked === undefined) return;
  throw new InputError(`${asked} works on pixels, and ${param} is optimised`, {
    remedy: `leave it at 0, or use --param pixel`,
  });
}

/** Simonyan et al. 2013: −l2·Σ(network input)², on the resident image (N,C,area). */
export interface Decay {
  readonly batch: number;
  readonly area: number;
  readonly l2: number;
  readonly slot: number;
}

/** Its value, as partial sums in `slot`. */
export function l2Forward(
  decay: Decay,
  preprocessing: Preprocessing,
  buffers: { readonly image: BufferRef; readonly partials: BufferRef },
): Dispatch {
  return dispatch(l2_forward, {
    label: "l2 forward",
    buffers,
    ...decayOptions(decay, preprocessing),
    workgroups: [PARTIALS, decay.batch, 1],
    bytes: 4 * preprocessing.mean.length * decay.batch * decay.area,
  });
}

/** Its gradient, added to the image's. */
export function l2Backward(
  decay: Decay,
  preprocessing: Preprocessing,
  buffers: { readonly image: BufferRef; readonly gradient: BufferRef },
): Dispatch {
  return dispatch(l2_backward, {
    label: "l2 backward",
    buffers,
    ...decayOptions(decay, preprocessing),
    workgroups: fold(preprocessing.mean.length * decay.batch * decay.area),
    bytes: 3 * 4 * preprocessing.mean.length * decay.batch * decay.area,
  });
}

/** `scale` of the uniform is by the image's colour; the preprocessing's is by network channel. */
function decayOptions({ batch, area, l2, slot }: Decay, { mean, order, scale }: Preprocessing) {
  const byColour = mean.map((_, colour) => scale[order.indexOf(colour)] as number);
  return {
    ...ofColours(coloursOf(mean)),
    uniform: { batch, area, l2, slot, scale: vectorOf(byColour) },
    live: { l2: { key: "l2", scale: 1 } },
  };
}

/**
 * Yosinski et al. 2015, of the image; Mahendran and Vedaldi 2016 and later DeepDreams, of its gradient. Rows from
 * `image` to `scratch`, then columns back. σ in pixels.
 * @param key live value that holds σ
 */
export function blur(
  shape: { readonly planes: number; readonly height: number; readonly width: number; readonly sigma: number },
  buffers: { readonly image: BufferRef; readonly scratch: BufferRef },
  key: "blur" | "blurGradient" = "blur",
): Dispatch[] {
  const { image, scratch } = buffers;
  const options = {
    uniform: shape,
    workgroups: fold(shape.planes * shape.height * shape.width),
    bytes: 2 * 4 * shape.planes * shape.height * shape.width,
    live: { sigma: { key, scale: 1 } },
  };
  return [
    dispatch(blur_rows, { label: "blur rows", buffers: { input: image, output: scratch }, ...options }),
    dispatch(blur_columns, { label: "blur columns", buffers: { input: scratch, output: image }, ...options }),
  ];
}

/** Buffers of a clipping: the image, its gradient, a number a pixel, and one an image. */
export interface ClipBuffers {
  readonly image: BufferRef;
  readonly gradient: BufferRef;
  readonly measure: BufferRef;
  readonly threshold: BufferRef;
}

export interface Clip {
  readonly batch: number;
  readonly area: number;
  readonly percent: number;
  readonly colours: Colours;
}

/**
 * Yosinski et al. 2015: sets the lowest `percent` of each image's pixels to zero, by norm or by contribution |Σ u·g|
 * (formula in shaders/clip.wgsl).
 */
export function clip(
  by: "clipNorm" | "clipContribution",
  { batch, area, percent, colours }: Clip,
  { image, gradient, measure, threshold }: ClipBuffers,
): Dispatch[] {
  const scale = (area - 1) / 100;
  const uniform = { batch, area, place: scale * percent };
  const live = { place: { key: by, scale } };
  const each = { uniform, live, workgroups: fold(batch * area), ...ofColours(colours) };
  const measured =
    by === "clipNorm"
      ? dispatch(clip_norm, { ...each, label: "clip norm", buffers: { image, measure } })
      : dispatch(clip_contribution, {
          ...each,
          label: "clip contribution",
          buffers: { image, gradient, measure },
        });
  return [
    measured,
    dispatch(clip_select, {
      ...{ label: "clip select", uniform, live, workgroups: [batch, 1, 1] },
      buffers: { measured: measure, threshold },
    }),
    dispatch(clip_small, {
      ...{ ...each, label: "clip small" },
      buffers: { measured: measure, thresholds: threshold, clipped: image },
    }),
  ];
}
