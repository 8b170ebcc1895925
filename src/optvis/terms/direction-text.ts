/** Directions in channel space as text: made of numbers, and kept in files. */
import { InputError, shown } from "../../errors.ts";

/** A channel, and how much of it. */
export type Component = readonly [channel: number, component: number];

/**
 * The text of a direction in channel space, for an objective.
 * @param weights one a channel, or by channel; zeros are left out
 * @param what begins the message of an error
 * @throws InputError for numbers that are not finite in float32, and where all are zero
 */
export function directionSpec(
  layer: string,
  weights: ArrayLike<number> | ReadonlyMap<number, number>,
  what = `direction of ${layer}`,
): string {
  const all: readonly Component[] =
    "length" in weights ? Array.from(weights, (x, channel) => [channel, x]) : [...weights];
  const components = all.map(([channel, x]): Component => {
    if (Number.isFinite(Math.fround(x))) return [channel, shortest(x)];
    throw new InputError(`${what}: the weight of channel ${channel} is not finite in float32: ${x}`);
  });
  const direction = components.filter(([, x]) => Math.fround(x) !== 0);
  if (direction.length > 0) return formatDirection(layer, direction);
  throw new InputError(`${what}: all ${all.length} weights are zero, which is no direction`);
}

/** The number of fewest digits that is the same in float32, in which kernels have it. */
function shortest(x: number): number {
  const digits = [6, 7, 8, 9].map((count) => Number(x.toPrecision(count)));
  return digits.find((short) => Math.fround(short) === Math.fround(x)) ?? x;
}

export function formatDirection(layer: string, direction: readonly Component[]): string {
  return `direction:${layer}:${direction.map(([channel, x]) => `${channel}=${x}`).join(",")}`;
}

/** Where the weights of a direction are kept. */
export interface DirectionFile {
  readonly layer: string;
  readonly path: string;
  /** The tensor's name, where the file holds several. */
  readonly tensor: string | undefined;
}

/** `direction:LAYER:@FILE#NAME`, and what follows: the path ends at a colon, ^ or [, unless it is quoted. */
const FILE = /^direction:([^:"]*):@(?:"([^"]*)"|([^":^[]*))(.*)$/s;

/** @returns undefined for a term that is no direction from a file; `rest` is what follows it: position, power, border, images */
export function directionFile(term: string): (DirectionFile & { readonly rest: string }) | undefined {
  const [, layer, quoted, bare, rest] = FILE.exec(term.trim()) ?? [];
  if (layer === undefined || rest === undefined) return undefined;
  const [, path = "", tensor] = /^(.*?)(?:#([^#]*))?$/s.exec((quoted ?? bare ?? "").trim()) ?? [];
  if (path !== "") return { layer, path, tensor, rest };
  throw new InputError(`objective ${shown(term)}: expected a file's path after @`);
}
