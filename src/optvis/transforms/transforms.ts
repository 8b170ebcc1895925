/**
 * The transforms of a recipe, and how they are written: `pad:12,crop:8,scale:0.1,rotate:10,crop:4`. To add one, write
 * its module and add its line to the table here.
 */
import { InputError } from "../../errors.ts";
import type { Recipe } from "../recipe.ts";
import { jitter } from "./jitter.ts";
import { rotate, scale } from "./resample.ts";
import type { Transform } from "./transform.ts";
import { crop, pad } from "./window.ts";
import { grain, zoom } from "./zoom.ts";

/**
 * Lucid's `standard_transforms` (Olah et al. 2017): pad 12, jitter 8, scale by 0.9 to 1.1, rotate by up to 10°,
 * jitter 4; Lucid's jitter is a random crop.
 */
export const STANDARD = "pad:12,crop:8,scale:0.1,rotate:10,crop:4";

/** Fel et al. 2023; run it on a batch that shares everything, 32 images of it, for MACO's 32 crops a step. */
export const MACO_CROPS = "zoom:0.05,noise:0.08";

/** A kind of transform: how one is made, and which amounts it takes. */
interface Kind {
  readonly make: (amount: number, iterations: number) => Transform;
  /** Amounts are from 0 to this. */
  readonly most: number;
  readonly whole: boolean;
  readonly unit: string;
  /** Whether what it does in an iteration depends on how many there are. */
  readonly ofIterations?: true;
}

const KINDS: Readonly<Record<string, Kind>> = {
  pad: { make: pad, most: 1024, whole: true, unit: "pixels" },
  jitter: { make: jitter, most: 2048, whole: true, unit: "pixels" },
  crop: { make: crop, most: 2048, whole: true, unit: "pixels" },
  scale: { make: scale, most: 0.9, whole: false, unit: "of 1" },
  rotate: { make: rotate, most: 180, whole: false, unit: "degrees" },
  zoom: { make: zoom, most: 0.5, whole: false, unit: "of the sides, at the end", ofIterations: true },
  noise: { make: grain, most: 10, whole: false, unit: "of RGB 0–1" },
};

const MAX_TRANSFORMS = 16;

/**
 * The transforms of a text, in the order in which the image goes through them.
 * @param text `none`, `standard`, or names and amounts
 * @param iterations after which a zoom has its amount
 * @throws InputError naming the transform and what is allowed
 */
export function parseTransforms(text: string, iterations = 1): Transform[] {
  return parsed(text).map(({ kind, amount }) => kind.make(amount, iterations));
}

/** Whether what the transforms do in an iteration depends on how many there are. */
export function dependsOnIterations(text: string): boolean {
  return parsed(text).some(({ kind }) => kind.ofIterations);
}

interface Parsed {
  readonly kind: Kind;
  readonly amount: number;
}

function parsed(text: string): Parsed[] {
  const list = text.trim() === "standard" ? STANDARD : text.trim();
  if (list === "none" || list === "") return [];
  const entries = list.split(",").map((entry) => entry.trim());
  if (entries.length > MAX_TRANSFORMS)
    throw new InputError(`transforms: at most ${MAX_TRANSFORMS} are taken, got ${entries.length}`);
  return entries.map(parseOne);
}

function parseOne(entry: string): Parsed {
  const [, name = "", amount = ""] = /^([a-z]+):(\d+(?:\.\d+)?)$/.exec(entry) ?? [];
  const kind = Object.hasOwn(KINDS, name) ? KINDS[name] : undefined;
  if (!kind) {
    const allowed = Object.entries(KINDS).map(([known, { unit }]) => `${known}:AMOUNT (${unit})`);
    throw new InputError(`transforms: "${entry.slice(0, 40)}" is no transform`, {
      remedy: `use none, standard, or a list of ${allowed.join(", ")} separated by commas`,
    });
  }
  const value = Number(amount);
  if (value > kind.most || (kind.whole && !Number.isInteger(value))) {
    const what = `${kind.whole ? "a whole number" : "a number"} from 0 to ${kind.most} (${kind.unit})`;
    throw new InputError(`transforms: ${name} expects ${what}, got ${amount}`);
  }
  return { kind, amount: value };
}

/** A recipe's transforms in the order in which the image goes through them: the circular jitter, then the list. */
export function transformsOf(recipe: Pick<Recipe, "jitter" | "transforms" | "iterations">): Transform[] {
  const list = parseTransforms(recipe.transforms, recipe.iterations);
  return [...(recipe.jitter > 0 ? [jitter(recipe.jitter)] : []), ...list];
}
