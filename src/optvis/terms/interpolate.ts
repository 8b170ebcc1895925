/** `interpolate`: from one channel in the first image to another in the last, in equal steps (Lucid's channel interpolation). */
import { add, vectorPasses } from "./along.ts";
import type { OverPositions, TermKind } from "./kind.ts";
import { withinBorder } from "./rectangle.ts";
import { channelOf, expectParts, type TermText } from "./text.ts";

export interface InterpolationTerm extends OverPositions {
  readonly kind: "interpolate";
  readonly from: number;
  readonly to: number;
}

const FORM = "interpolate:LAYER:I,J";

export const interpolate: TermKind<InterpolationTerm> = {
  forms: [
    {
      written: [FORM],
      says: "from channel I in the first image of a batch to J in the last, in equal steps",
    },
  ],
  spellings: { interpolate: parse },
  format: ({ layer, from, to }) => `interpolate:${layer}:${from},${to}`,
  reads: "layer",
  photo: false,
  batch: () => 2,
  channels: {
    of: ({ from, to }) => [from, to],
    among: (term, at) => ({ ...term, from: at(term.from), to: at(term.to) }),
  },
  border: true,
  positions: "all",
  gradientReads: () => "activation",
  passes(context) {
    const { term, batch, shape } = context;
    const positions = withinBorder(shape, term.border);
    return vectorPasses(context, { positions }, (vector, n) => {
      const share = batch > 1 ? n / (batch - 1) : 0;
      add(vector, term.from, 1 - share);
      add(vector, term.to, share);
    });
  },
};

function parse(given: TermText) {
  const ends = given.parts.join(":").split(",");
  expectParts(given, FORM, [1, 1]);
  expectParts(given, FORM, [2, 2], ends);
  const [from, to] = ends;
  return {
    kind: "interpolate",
    layer: given.layer,
    from: channelOf(given, from),
    to: channelOf(given, to),
  } as const;
}
