/** Two copies of one network in a file: its weights and their running average, or an attacker's own. */
import { shown } from "../errors.ts";
import type { TensorShapes } from "./layer-tensors.ts";

/** More are no copies of a network, and take long to compare. */
const MOST_COPIES = 64;

export interface OneCopy {
  /** Without the tensors of the other copies. */
  readonly tensors: TensorShapes;
  /** Which copy was taken, where there are several: a sentence. */
  readonly assumptions: readonly string[];
}

/** Shortest first, and what an attacker, an average or a teacher has last. */
export function byLikelihood(a: string, b: string): number {
  const cost = (prefix: string): number =>
    prefix.length + (/attacker|ema|averag|teacher/i.test(prefix) ? 1000 : 0);
  return cost(a) - cost(b);
}

export function sayTaken(taken: string, others: readonly string[]): string {
  return `the copy under ${shown(taken)} is taken, not the one under ${others.map(shown).join(" or ")}`;
}

/** Copies have the same names behind their prefixes, and the same shapes, from a convolution on that takes an image. */
export function oneCopy(tensors: TensorShapes): OneCopy {
  const convolutions = [...tensors].flatMap(([name, shape]) =>
    shape.length === 4 && name.endsWith(".weight") ? [{ name, shape: shape.join() }] : [],
  );
  const takesImage = convolutions.filter(({ name }) => [1, 3].includes(tensors.get(name)?.[1] ?? 0));
  const [first] = takesImage;
  if (first === undefined || takesImage.length < 2 || takesImage.length > MOST_COPIES)
    return { tensors, assumptions: [] };
  const behind = (prefix: string): string =>
    convolutions
      .flatMap(({ name, shape }) =>
        name.startsWith(prefix) ? [`${name.slice(prefix.length)} ${shape}`] : [],
      )
      .sort()
      .join(";");
  for (const prefix of prefixesOf(first.name)) {
    const rest = first.name.slice(prefix.length);
    const wanted = behind(prefix);
    const copies = takesImage
      .filter(({ name }) => name.endsWith(rest))
      .map(({ name }) => name.slice(0, -rest.length))
      .filter((other) => (other === "" || other.endsWith(".")) && behind(other) === wanted);
    if (copies.length < 2) continue;
    const [taken = "", ...others] = copies.sort(byLikelihood);
    const own = [...tensors].filter(([name]) => !others.some((other) => name.startsWith(other)));
    return { tensors: new Map(own), assumptions: [sayTaken(taken, others)] };
  }
  return { tensors, assumptions: [] };
}

/** `a.`, `a.b.` of `a.b.conv1.weight`. */
function prefixesOf(name: string): readonly string[] {
  const parts = name.split(".").slice(0, 32);
  return parts.slice(0, -2).map((_, i) => `${parts.slice(0, i + 1).join(".")}.`);
}
