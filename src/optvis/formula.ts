/** An ascent as the formulas that it computes, with the numbers of its recipe. */
import { defaultRecipe, type OptimizerKind, type Recipe } from "./recipe.ts";

/** Lines of text in the order in which an iteration computes them. */
export interface Formula {
  /** `f(x) = class:goldfish`, L2 included. */
  readonly objective: string;
  /** `g = ∂f/∂x`, with what moves the image before, and what smooths the gradient after. */
  readonly gradient: string;
  /** `x ← x + 0.05·g/rms(g)`. */
  readonly step: string;
  /** What changes the pixels after a step. */
  readonly after: readonly string[];
}

/** What a step goes along, as `shaders/optimizer.wgsl` computes it. m and v are running means of g and g². */
const DIRECTIONS: Readonly<Record<OptimizerKind, readonly [direction: string, note?: string]>> = {
  sgd: ["g"],
  normalized: ["g/‖g‖"],
  rms: ["g/rms(g)"],
  mean: ["g/mean|g|"],
  momentum: ["v", "v ← 0.9·v + g"],
  adam: ["m/√v", "of Adam"],
  rmsprop: ["g/√v", "of RMSprop"],
  nadam: ["m/√v", "of NAdam"],
};

/** What the gradient changes where that is not the pixels, and what makes pixels of it. */
const MADE_OF: Readonly<Record<Exclude<Recipe["param"], "pixel">, string>> = {
  fourier: "x is made of the spectrum θ",
  laplacian: "x is made of the pyramid θ",
  cppn: "x is made by a small network of weights θ",
  maco: "x is made of the phase θ",
};

export function formulaOf(recipe: Recipe): Formula {
  const { objective, l2, param } = recipe;
  const name = param === "pixel" ? "x" : "θ";
  const isMoved = recipe.jitter > 0 || (recipe.transforms !== "none" && recipe.strength > 0);
  const pull = l2 > 0 ? ` − ${short(l2)}·Σ(network input)²` : "";
  const made = param === "pixel" ? "" : `; ${MADE_OF[param]}`;
  return {
    objective: `f(x) = ${objective}${pull}${isMoved ? ", x moved at random" : ""}`,
    gradient: `g = ∂f/∂${name}${smoothed(recipe)}${made}`,
    step: stepOf(recipe, name),
    after: afterStep(recipe),
  };
}

function smoothed({ blurGradient }: Recipe): string {
  return blurGradient > 0 ? `, blurred by ${short(blurGradient)} pixels` : "";
}

function stepOf({ optimizer, lr, decay, clamp, param }: Recipe, name: string): string {
  const kept = decay > 0 ? `${short(1 - decay)}·${name}` : name;
  const [direction, ...note] = DIRECTIONS[optimizer];
  const sum = `${kept} + ${short(lr)}·${direction}`;
  // Only pixels can leave 0–1: everything else ends in a sigmoid.
  const next = clamp && param === "pixel" ? `clamp(${sum})` : sum;
  return [`${name} ← ${next}`, ...note].join(", ");
}

/** Parameters other than pixels are neither blurred nor clipped. */
function afterStep({ param, blur, blurEvery, clipNorm, clipContribution }: Recipe): readonly string[] {
  if (param !== "pixel") return [];
  const often = blurEvery === defaultRecipe.blurEvery ? "" : ` every ${short(blurEvery)} iterations`;
  return [
    ...(blur > 0 ? [`x ← blur(x, ${short(blur)} pixels)${often}`] : []),
    ...(clipNorm > 0 ? [`${short(clipNorm)} % of x, of the least norm, ← 0`] : []),
    ...(clipContribution > 0 ? [`${short(clipContribution)} % of x, that add least to f, ← 0`] : []),
  ];
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
