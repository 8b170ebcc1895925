/**
 * The update of an iteration: from the image's gradient to the next image. The gradient goes back through the
 * parameterization, the optimizer steps on the numbers, and regularizers change the gradient before and the pixels after.
 */
import type { Dispatch } from "../../gpu/dispatch.ts";
import { type Colours, coloursOf } from "../../nn/preprocess.ts";
import { momentsOf, normOf, update } from "../../optvis/optimizers.ts";
import { ALPHA_GRADIENT, alphaName, alphaPlane, logitsName, planAlpha } from "../../optvis/params/alpha.ts";
import { type ParamPasses, type PlaneBuffers, paramOf } from "../../optvis/params/param.ts";
import { withShared } from "../../optvis/params/share.ts";
import type { Recipe } from "../../optvis/recipe.ts";
import { reducePartials, reduceTotal } from "../../optvis/reduce.ts";
import { blur, clip } from "../../optvis/regularizers.ts";
import { momentName, PARTIALS, STATE } from "./buffer-names.ts";
import type { Allocation } from "./memory.ts";
import { scratch } from "./transform-chain.ts";

/** Numbers that are optimised together. A norm of their gradient is over them alone. */
export interface Part {
  readonly passes: ParamPasses;
  /** Of one image. */
  readonly length: number;
  /** What the optimizer's moments are named after. */
  readonly name: string;
  /** Whether they are pixels' colours, which alone can leave 0–1: everything else ends in a sigmoid. */
  readonly pixels: boolean;
}

/** The colours, and the alpha channel where there is one. */
export function planParts(
  recipe: Pick<Recipe, "batch" | "size" | "param" | "share" | "alpha">,
  mean: readonly number[],
  { image, gradient }: PlaneBuffers,
  memory: Allocation,
): readonly [Part, Part?] {
  const { batch, size } = recipe;
  const images = { batch, size, mean };
  const param = paramOf(recipe.param);
  const own = param.plan(images, { image, gradient }, memory);
  const colours: Part = {
    passes: withShared(recipe, images, own, memory),
    length: param.length(size, coloursOf(mean)),
    name: image,
    pixels: recipe.param === "pixel",
  };
  const plane = alphaPlane(recipe);
  if (!plane) return [colours];
  const passes = planAlpha(images, plane, image, memory);
  return [colours, { passes, length: plane.length(size), name: alphaName(image), pixels: false }];
}

type StepFields = Pick<Recipe, "batch" | "size" | "optimizer" | "lr" | "decay" | "clamp">;

/** The optimizer's step on a part of the numbers, with its gradient's norm before it where it needs one. */
export function planStep(
  { recipe, terms }: { readonly recipe: StepFields; readonly terms: number },
  { passes: { values, gradient }, length, name, pixels }: Part,
  mean: readonly number[],
  memory: Allocation,
): Dispatch[] {
  const slot = terms + 1;
  const { batch, optimizer, lr, decay, clamp, size } = recipe;
  const moments = Array.from({ length: momentsOf(optimizer) }, (_, i) =>
    memory.buffer(momentName(name, i + 1), "optimizer", 4 * length * batch),
  );
  const [moment1 = values, moment2 = values] = moments;
  const sums = memory.buffer("gradient.sums", "workspace", 4 * batch);
  const buffers = { values, gradient, sums, moment1, moment2, state: STATE };
  const area = size[0] * size[1];
  const bounds = { clamp: clamp && pixels, mean };
  const step = update(optimizer, { batch, length, area, lr, decay, ...bounds }, buffers);
  const kind = normOf(optimizer);
  if (!kind) return [step];
  const norm = { batch, stride: length, offset: 0, count: length, slot, scale: 1 };
  return [
    reducePartials("gradient norm", kind, norm, { input: gradient, partials: PARTIALS }),
    reduceTotal(
      "gradient norm",
      { batch, firstSlot: slot, slots: 1, ring: 1 },
      { finished: PARTIALS, state: STATE, totals: sums },
    ),
    step,
  ];
}

type PixelFields =
  | ("batch" | "size" | "param" | "alpha")
  | ("blur" | "blurGradient" | "clipNorm" | "clipContribution");

/**
 * What changes the gradient before a step and the pixels after it, planned even where it is 0. The blurs change the alpha
 * channel's opacity and logits too.
 */
export function planRegularizers(
  recipe: Pick<Recipe, PixelFields>,
  colours: Colours,
  { image, gradient }: PlaneBuffers,
  memory: Allocation,
) {
  const { batch, size, param, alpha } = recipe;
  const [height, width] = size;
  const area = height * width;
  const spare = scratch(memory, 0, 4 * colours * batch * area);
  const blurAll = (key: "blur" | "blurGradient", planes: string, opacity: string) =>
    [{ planes: colours * batch, of: planes }, ...(alpha ? [{ planes: batch, of: opacity }] : [])].flatMap(
      ({ planes, of }) =>
        blur({ planes, height, width, sigma: recipe[key] }, { image: of, scratch: spare }, key),
    );
  const blurGradient = blurAll("blurGradient", gradient, ALPHA_GRADIENT);
  if (param !== "pixel") return { blurGradient, blur: [], clipNorm: [], clipContribution: [] };
  const measure = memory.buffer("clip.measure", "workspace", 4 * batch * area);
  const threshold = memory.buffer("clip.threshold", "workspace", 4 * batch);
  const buffers = { image, gradient, measure, threshold };
  const clipBy = (by: "clipNorm" | "clipContribution") =>
    clip(by, { batch, area, percent: recipe[by], colours }, buffers);
  return {
    blurGradient,
    blur: blurAll("blur", image, logitsName(image)),
    clipNorm: clipBy("clipNorm"),
    clipContribution: clipBy("clipContribution"),
  };
}
