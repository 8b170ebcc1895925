/** `caricature`: the photograph's activation is the direction, position by position: dot × cosᵖ. */
import { alongPasses } from "./along.ts";
import { type OverPositions, type TermKind, wholeActivation } from "./kind.ts";
import { withinBorder } from "./rectangle.ts";
import { cutPower, formatPower, layerOf, type TermText } from "./text.ts";

export interface CaricatureTerm extends OverPositions {
  readonly kind: "caricature";
  readonly power: number;
}

export const caricature: TermKind<CaricatureTerm> = {
  forms: [
    {
      written: ["caricature:LAYER[^P]"],
      says: "mean of dot × cosᵖ with a photograph's activation, position by position",
    },
  ],
  spellings: { caricature: parse },
  format: (term) => caricatureSpec(term.layer, term.power),
  ...wholeActivation,
  photo: true,
  passes(context) {
    const { term, shape, memory } = context;
    const { channels, height, width } = shape;
    const area = height * width;
    const bytes = 4 * channels * area;
    // (C,H,W), the same for every image.
    const direction = memory.buffer(`${term.layer}.target`, "kept", bytes);
    const passes = alongPasses(context, {
      direction,
      strides: { imageStride: 0, channelStride: area, positionStride: 1 },
      power: term.power,
      positions: withinBorder(shape, term.border),
    });
    return { ...passes, targetShare: { from: "activation", to: direction, bytes } };
  },
};

/** The text of the likeness to a photograph's activation, by dot × cosᵖ. */
export function caricatureSpec(layer: string, power: number): string {
  return `caricature:${layer}${formatPower(power)}`;
}

function parse(given: TermText) {
  const [layer, power] = cutPower(given, given.argument ?? "");
  return { kind: "caricature", layer: layerOf({ ...given, layer }), power } as const;
}
