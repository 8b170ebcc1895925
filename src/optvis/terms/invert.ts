/** `invert`: minus the mean squared distance from the photograph's activation (Mahendran and Vedaldi 2015). */
import { distancePasses } from "./distance.ts";
import { type OverPositions, type TermKind, wholeActivation } from "./kind.ts";
import { wholeLayer } from "./text.ts";

export interface InversionTerm extends OverPositions {
  readonly kind: "invert";
}

const FORM = "invert:LAYER";

export const invert: TermKind<InversionTerm> = {
  forms: [{ written: [FORM], says: "minus the mean squared distance from a photograph's activation" }],
  spellings: { invert: wholeLayer("invert", FORM) },
  format: (term) => inversionSpec(term.layer),
  ...wholeActivation,
  photo: true,
  passes(context) {
    const { term, shape, memory } = context;
    const length = shape.channels * shape.height * shape.width;
    const buffer = memory.buffer(`${term.layer}.target`, "kept", 4 * length);
    const passes = distancePasses(context, -1, { buffer, length });
    return { ...passes, targetShare: { from: "activation", to: buffer, bytes: 4 * length } };
  },
};

/** The text of the distance from a photograph's activation. */
export function inversionSpec(layer: string): string {
  return `invert:${layer}`;
}
