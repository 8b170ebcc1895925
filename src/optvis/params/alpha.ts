/**
 * Alpha channel: a plane of opacity is optimised beside the colours, in the same basis and through a sigmoid. The network
 * sees the image over a background that is drawn anew for every image and iteration, so only what is opaque stays. The
 * term `alpha` of the objective pays for opacity. (Mordvintsev et al. 2018, "Differentiable Image Parameterizations",
 * section "Semi-Transparent Patterns"; Lucid's `collapse_alpha_random`.) Formulas: shaders/alpha.wgsl.
 */
import {
  composite_backward,
  composite_forward,
  opacity_backward,
  opacity_forward,
} from "../../../shaders/alpha.wgsl";
import { InputError } from "../../errors.ts";
import { type BufferRef, type Dispatch, dispatch, fold } from "../../gpu/dispatch.ts";
import type { Size } from "../../model/network.ts";
import { coloursOf, ofColours } from "../../nn/preprocess.ts";
import type { Recipe } from "../recipe.ts";
import { type Objective, readsOpacity } from "../term.ts";
import { logit } from "./colour.ts";
import { type Images, type Memory, type ParamPasses, type Plane, paramOf, paramsWith } from "./param.ts";

/** Standard deviation of the noise start, as of the colours. */
const NOISE = 0.01;

/**
 * The basis of a recipe's alpha channel; undefined where it has none.
 * @throws InputError where the parameterization makes no planes
 */
export function alphaPlane({ alpha, param }: Pick<Recipe, "alpha" | "param">): Plane | undefined {
  if (!alpha) return undefined;
  const { plane } = paramOf(param);
  if (plane) return plane;
  throw new InputError(`alpha: images of ${param} parameters have no fourth plane`, {
    remedy: `leave it out, or use --param ${paramsWith((one) => one.plane !== undefined)}`,
  });
}

/** @throws InputError where the objective reads an alpha channel and the recipe has none */
export function expectAlpha({ terms }: Objective, { alpha }: Pick<Recipe, "alpha">): void {
  if (alpha || !terms.some(readsOpacity)) return;
  throw new InputError("objective: alpha is the mean opacity, and the recipe has no alpha channel", {
    remedy: "add one (alpha, --alpha), or leave the term out",
  });
}

/** Numbers of one image to start from: half opaque, or near that with noise. */
export function alphaStart(
  plane: Plane,
  init: Recipe["init"],
  normal: () => number,
  size: Size,
): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: plane.length(size) }, () => (init === "noise" ? NOISE * normal() : 0));
}

/**
 * Numbers that make one image of a given opacity. The opacity is kept between 1/1024 and 1 − 1/1024, since beyond that
 * the sigmoid is so flat that an ascent could not leave it.
 * @param opacity (1,H,W) in 0–1; opaque if absent
 */
export function alphaOf(
  plane: Plane,
  opacity: ArrayLike<number> | undefined,
  size: Size,
): Float32Array<ArrayBuffer> {
  const logits = Float64Array.from(
    { length: size[0] * size[1] },
    (_, i) => logit(opacity ? (opacity[i] as number) : 1) / plane.slope,
  );
  return plane.fromPlane(logits, size);
}

/** Opacity a of the images at `image`, (N,1,H,W) in 0–1. */
export function alphaName(image: string): string {
  return `${image}.alpha`;
}

/** The sigmoid's argument before the slope; of pixels, the numbers that are optimised. */
export function logitsName(image: string): string {
  return `${image}.logits`;
}

/** The gradient with respect to the opacity. */
export const ALPHA_GRADIENT = "gradient.alpha";

/** Passes between the numbers optimised and the opacity. */
export function planAlpha(images: Images, plane: Plane, image: string, memory: Memory): ParamPasses {
  const count = images.batch * images.size[0] * images.size[1];
  const planeBuffer = (name: string): string => memory.buffer(name, "param", 4 * count);
  const [alpha, gradient] = [planeBuffer(alphaName(image)), planeBuffer(ALPHA_GRADIENT)];
  const logits = { image: planeBuffer(logitsName(image)), gradient: planeBuffer("gradient.logits") };
  const own = plane.plan(images, logits, memory);
  const opacity = opacityPasses(
    { count, slope: plane.slope },
    { logits: logits.image, alpha, gradient, output: logits.gradient },
  );
  return {
    ...own,
    forward: [...own.forward, opacity.forward],
    backward: [opacity.backward, ...own.backward],
  };
}

/** @param buffers `gradient` of the opacity, `output` that of the logits */
export function opacityPasses(
  { count, slope }: { readonly count: number; readonly slope: number },
  {
    logits,
    alpha,
    gradient,
    output,
  }: Readonly<Record<"logits" | "alpha" | "gradient" | "output", BufferRef>>,
): { readonly forward: Dispatch; readonly backward: Dispatch } {
  const options = { uniform: { count, area: count, plain: 0, slope }, workgroups: fold(count) };
  return {
    forward: dispatch(opacity_forward, {
      ...{ label: "opacity forward", ...options },
      buffers: { logits, opacity: alpha },
    }),
    backward: dispatch(opacity_backward, {
      ...{ label: "opacity backward", ...options },
      buffers: { alpha, gradient, output },
    }),
  };
}

/** The images (N,C,H,W), their opacity (N,1,H,W), what lies behind, what is seen, and the gradients. */
export type CompositeBuffers = Readonly<
  Record<"image" | "alpha" | "background" | "composite" | "gradient" | "alphaGradient", BufferRef>
>;

/**
 * Forward lays the images over the background, into `composite`. Backward finds the gradient of that in `composite` itself
 * and makes the gradients of image and opacity of it.
 * @param plain over the mean colour instead
 */
export function compositePasses(
  { batch, size, mean }: Images,
  plain: boolean,
  { image, alpha, background, composite, gradient, alphaGradient }: CompositeBuffers,
): { readonly forward: Dispatch; readonly backward: Dispatch } {
  const area = size[0] * size[1];
  const uniform = { count: batch * area, area, plain: plain ? 1 : 0, slope: 0 };
  const colours = coloursOf(mean);
  const options = { uniform, workgroups: fold(batch * area), ...ofColours(colours) };
  const shared = { image, alpha, background };
  return {
    forward: dispatch(composite_forward, {
      ...{ label: "composite forward", ...options, bytes: 4 * (3 * colours + 1) * batch * area },
      buffers: { ...shared, output: composite },
    }),
    backward: dispatch(composite_backward, {
      ...{ label: "composite backward", ...options, bytes: 4 * (4 * colours + 2) * batch * area },
      buffers: { ...shared, gradient: composite, output: gradient, opacity: alphaGradient },
    }),
  };
}
