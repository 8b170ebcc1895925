/** `direction`: along a direction in channel space, at every position or at one: dot × cosᵖ (Lucid). */
import { add, vectorPasses } from "./along.ts";
import { type Component, formatDirection } from "./direction-text.ts";
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

export interface DirectionTerm extends OverPositions, AtPosition {
  readonly kind: "direction";
  readonly direction: readonly Component[];
  readonly power: number;
}

const FORM = "direction:LAYER:I=W,J=W[:Y,X][^P]";

export const direction: TermKind<DirectionTerm> = {
  forms: [
    {
      written: [FORM],
      says: "mean of dot × cosᵖ with a direction in channel space, everywhere or at one position",
    },
    {
      written: ["direction:LAYER:@FILE[#NAME]"],
      says: "the same, with one weight a channel from a .safetensors or .json (on the command line)",
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

function parse(given: TermText) {
  if (given.parts[0]?.startsWith("@")) refuseFile(given);
  const [text, power] = cutPower(given, given.parts.join(":"));
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
