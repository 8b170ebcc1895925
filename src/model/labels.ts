/** Finds a class by its name or index, and names the nearest where there is none. */
import { InputError, shown } from "../errors.ts";
import { isDense, layerKind } from "../nn/registry.ts";
import type { Layer, Network } from "./network.ts";

const SUGGESTIONS = 5;

/** The 1000 ImageNet names. They are 10 kB and loaded only when a network needs them. */
export async function imagenetClasses(): Promise<readonly string[]> {
  return (await import("./imagenet-classes.ts")).IMAGENET_CLASSES;
}

/** The layer whose units are the classes; undefined where the checkpoint stops before it. */
export function classLayer({ layers }: Pick<Network, "layers">): Layer | undefined {
  const last = layers.at(-1);
  return last && isDense(last) ? last : undefined;
}

export function classCount(network: Pick<Network, "layers">): number {
  const layer = classLayer(network);
  return layer ? layerKind(layer).outputChannels(layer, 0) : 0;
}

/**
 * Index of a class given by index (digits) or by name; case matters only between names that differ in nothing else.
 * @throws InputError with the range of indices, or the nearest names.
 */
export function classIndex(network: Network, nameOrIndex: string | number): number {
  const count = classCount(network);
  const asked = String(nameOrIndex).trim();
  if (count === 0) {
    throw new InputError(`class ${shown(asked)}: ${network.name} has no classes, its head is missing`, {
      remedy: "ask for a channel, or use a checkpoint with its classifier",
    });
  }
  if (typeof nameOrIndex === "number" || /^[+-]?\d+$/.test(asked)) {
    const index = Number(asked);
    if (Number.isInteger(index) && index >= 0 && index < count) return index;
    throw new InputError(`class ${shown(asked)} is out of range`, {
      remedy: `classes are 0 to ${count - 1}`,
    });
  }
  return indexOfName(network.classes, asked, count);
}

/** The names nearest to what was typed: by substring first, then by edit distance. */
export function nearestNames(
  names: readonly string[],
  typed: string,
  count = SUGGESTIONS,
): readonly string[] {
  const wanted = fold(typed.slice(0, 100));
  return [...new Set(names)]
    .map((name) => ({ name, distance: nameDistance(wanted, fold(name.slice(0, 200))) }))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, count)
    .map(({ name }) => name);
}

function indexOfName(classes: readonly string[], name: string, count: number): number {
  const exact = indicesWhere(classes, (candidate) => candidate === name);
  const found =
    exact.length > 0 ? exact : indicesWhere(classes, (candidate) => fold(candidate) === fold(name));
  const [index] = found;
  if (found.length === 1 && index !== undefined) return index;
  if (found.length > 1) {
    const some = found.slice(0, 8).join(", ") + (found.length > 8 ? ", …" : "");
    throw new InputError(`class ${shown(name)} is the name of ${some}`, {
      remedy: "give the index",
    });
  }
  const remedy =
    classes.length === 0
      ? `this checkpoint names no classes; give an index, 0 to ${count - 1}`
      : `nearest: ${nearestNames(classes, name).map(shown).join(", ")}`;
  throw new InputError(`class ${shown(name)} is unknown`, { remedy });
}

function indicesWhere(classes: readonly string[], matches: (name: string) => boolean): readonly number[] {
  return classes.flatMap((name, index) => (matches(name) ? [index] : []));
}

/** Below 1 where one name contains the other: those come first. */
function nameDistance(wanted: string, name: string): number {
  const distance = editDistance(wanted, name);
  const contained = wanted.length > 2 && (name.includes(wanted) || wanted.includes(name));
  return contained ? distance / (1 + wanted.length + name.length) : distance;
}

/** Levenshtein's: insertions, deletions and replacements of one character. */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}

function fold(name: string): string {
  return name.trim().toLowerCase();
}
