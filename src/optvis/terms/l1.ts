/** `l1`: Σ |x − c|, x the image's RGB (Lucid). */
import { l1_backward, l1_forward } from "../../../shaders/penalty.wgsl";
import { dispatch } from "../../gpu/dispatch.ts";
import { gains } from "./context.ts";
import type { TermKind } from "./kind.ts";
import { formatPenalty, onColours, type Penalty, penaltyOptions, penaltyText } from "./penalty.ts";

export interface L1Term extends Penalty {
  readonly kind: "l1";
}

const FORM = "l1[:C]";
const TOWARD = 0.5;

export const l1: TermKind<L1Term> = {
  forms: [{ written: [FORM], says: `penalty: sum of the distances of the image's RGB from C (${TOWARD})` }],
  spellings: { l1: penaltyText("l1", FORM, TOWARD) },
  format: (term) => formatPenalty(term, TOWARD),
  ...onColours,
  gradientReads: () => "activation",
  passes(context) {
    const { sums, each } = penaltyOptions(context);
    const shared = { gains: gains(context) };
    return {
      forward: ({ activation: image, partials }) => [
        dispatch(l1_forward, { ...sums, buffers: { ...shared, image, partials } }),
      ],
      backward: (_, { activation: image, gradient }) => [
        dispatch(l1_backward, { ...each, buffers: { ...shared, image, gradient } }),
      ],
    };
  },
};
