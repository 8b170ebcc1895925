/** `l2`: √Σ (x − c)², x the image's RGB (Lucid). */
import { root_backward, root_forward } from "../../../shaders/penalty.wgsl";
import { dispatch } from "../../gpu/dispatch.ts";
import { gains } from "./context.ts";
import type { TermKind } from "./kind.ts";
import { formatPenalty, onColours, type Penalty, penaltyOptions, penaltyText } from "./penalty.ts";

export interface L2Term extends Penalty {
  readonly kind: "l2";
}

const FORM = "l2[:C]";
const TOWARD = 0.5;

export const l2: TermKind<L2Term> = {
  forms: [
    {
      written: [FORM],
      says: `penalty: root of the sum of squared distances of the image's RGB from C (${TOWARD})`,
    },
  ],
  spellings: { l2: penaltyText("l2", FORM, TOWARD) },
  format: (term) => formatPenalty(term, TOWARD),
  ...onColours,
  gradientReads: () => "forward",
  passes(context) {
    const { index, batch, memory } = context;
    const { sums, each } = penaltyOptions(context);
    const shared = { gains: gains(context) };
    const roots = memory.buffer(`term${index}.roots`, "workspace", 4 * batch);
    const once = { ...sums, workgroups: [batch, 1, 1] as const };
    return {
      forward: ({ activation: image, partials }) => [
        dispatch(root_forward, { ...once, buffers: { ...shared, image, root: roots, partials } }),
      ],
      backward: (_, { activation: image, gradient }) => [
        dispatch(root_backward, { ...each, buffers: { ...shared, image, roots, gradient } }),
      ],
    };
  },
};
