/** `tv`: total variation, Σ |differences of neighbouring pixels| (Lucid). */
import { variation_backward, variation_forward } from "../../../shaders/penalty.wgsl";
import { dispatch } from "../../gpu/dispatch.ts";
import { gains } from "./context.ts";
import { IMAGE_LAYER, type TermKind } from "./kind.ts";
import { onColours, type Penalty, penaltyOptions } from "./penalty.ts";
import { allParts, expectParts, type TermText } from "./text.ts";

export interface VariationTerm extends Penalty {
  readonly kind: "tv";
}

export const tv: TermKind<VariationTerm> = {
  forms: [{ written: ["tv"], says: "penalty: total variation of the image" }],
  spellings: { tv: parse },
  format: () => "tv",
  ...onColours,
  gradientReads: () => "activation",
  passes(context) {
    const { sums, each } = penaltyOptions(context);
    const shared = { gains: gains(context) };
    return {
      forward: ({ activation: image, partials }) => [
        dispatch(variation_forward, { ...sums, buffers: { ...shared, image, partials } }),
      ],
      backward: (_, { activation: image, gradient }) => [
        dispatch(variation_backward, { ...each, buffers: { ...shared, image, gradient } }),
      ],
    };
  },
};

function parse(given: TermText) {
  expectParts(given, "tv", [0, 0], allParts(given));
  return { kind: "tv", layer: IMAGE_LAYER, amount: 0 } as const;
}
