/** `direction`: along a direction in channel space, at every position or at one: dot × cosᵖ (Lucid). */
import { InputError } from "../../errors.ts";
import { show } from "../spec-errors.ts";
import { add, vectorPasses } from "./along.ts";
import type { AtPosition, OverPositions, TermKind } from "./kind.ts";
import { onePosition, withinBorder } from "./rectangle.ts";
import {
  channelOf,
  cutPower,
  expectParts,
  formatPosition,
  formatPower,
  layerOf,
  numberOf,
  positionIn,
  refuse,
  type TermText,
} from "./text.ts";

/** A channel, and how much of it. */
type Component = readonly [channel: number, component: number];

export interface DirectionTerm extends OverPositions, AtPosition {
  readonly kind: "direction";
  readonly direction: readonly Component[];
  readonly power: number;
}

const FORM = "direction:LAYER:I=W,J=W[:Y,X][^P]";

export const direction: TermKind<DirectionTerm> = {
  forms: [
    { form: FORM, says: "mean of dot × cosᵖ with a direction in channel space; at one place, if said" },
    {
      form: "direction:LAYER:@FILE[#NAME]",
      says: "the same, of weights in a .safetensors or JSON file (on the command line)",
    },
  ],
  spellings: { direction: parse },
  format({ layer, direction, position, power }) {
    return `${formatDirection(layer, direction)}${formatPosition({ ...(position && { position }) })}${formatPower(power)}`;
  },
  reads: "layer",
  photo: false,
  batch: "same",
  channels: {
    // The cosine has the length of the whole activation in it.
    of: (term) => (term.power === 0 ? term.direction.map(([channel]) => channel) : undefined),
    among: (term, at) => ({
      ...term,
      direction: term.direction.map(([channel, x]) => [at(channel), x] as const),
    }),
  },
  border: true,
  positions: "all or one",
  gradientReads: () => "activation",
  passes(context) {
    const { term, shape } = context;
    const { position, border, power } = term;
    const positions = position ? onePosition(shape, position) : withinBorder(shape, border);
    return vectorPasses(context, { power, positions }, (vector) => {
      for (const [channel, x] of term.direction) add(vector, channel, x);
    });
  },
};

/**
 * The text of a direction in channel space, for an objective.
 * @param weights one a channel, or by channel; zeros are left out
 * @throws InputError for numbers that are not finite in float32, and where all are zero
 */
export function directionSpec(
  layer: string,
  weights: ArrayLike<number> | ReadonlyMap<number, number>,
): string {
  const all =
    weights instanceof Map ? [...weights] : Array.from(weights as ArrayLike<number>, (x, i) => [i, x]);
  const components = (all as Component[]).map(([channel, x]): Component => {
    if (Number.isFinite(Math.fround(x))) return [channel, shortest(x)];
    throw new InputError(`direction of ${layer}: the weight of channel ${channel} is not finite: ${x}`);
  });
  const direction = components.filter(([, x]) => Math.fround(x) !== 0);
  if (direction.length > 0) return formatDirection(layer, direction);
  throw new InputError(`direction of ${layer}: all ${all.length} weights are zero, which is no direction`);
}

/** The number of fewest digits that is the same in float32, in which kernels have it. */
function shortest(x: number): number {
  const digits = [6, 7, 8, 9].map((count) => Number(x.toPrecision(count)));
  return digits.find((short) => Math.fround(short) === Math.fround(x)) ?? x;
}

function formatDirection(layer: string, direction: readonly Component[]): string {
  return `direction:${layer}:${direction.map(([channel, x]) => `${channel}=${x}`).join(",")}`;
}

function parse(given: TermText) {
  const [text, power] = cutPower(given, given.parts.join(":"));
  if (text.startsWith("@")) refuseFile(given);
  const [components = "", ...places] = text.split(":");
  expectParts(given, FORM, [0, 1], places);
  const layer = layerOf(given);
  const direction = components.split(",").map((component) => {
    const [, channel, x] = /^(\d+)=(\S+)$/.exec(component) ?? [];
    if (channel === undefined || x === undefined) return refuse(given, `expected ${FORM}`);
    return [channelOf(given, channel), numberOf(given, x, "a component")] as const;
  });
  return { kind: "direction", layer, direction, power, ...positionIn(given, places[0]) } as const;
}

/** The core reads no files: whoever does writes the weights out before (`directionSpec`). */
function refuseFile(given: TermText): never {
  refuse(
    given,
    "the file of a direction cannot be read here",
    "the command line reads it; elsewhere write the weights out, direction:LAYER:I=W,J=W (directionSpec makes that text)",
  );
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
  throw new InputError(`objective ${show(term)}: expected a file's path after @`);
}
