/** `align`: minus the distance between activations of neighbouring images (Lucid); formulas in shaders/alignment.wgsl. */
import { alignment_backward, alignment_forward } from "../../../shaders/alignment.wgsl";
import { dispatch, fold } from "../../gpu/dispatch.ts";
import { PARTIALS } from "../reduce.ts";
import { type TermContext, type TermPasses, weighted } from "./context.ts";
import type { TermData, TermKind } from "./kind.ts";
import { expectParts, layerOf, numberOf, type TermText } from "./text.ts";

export interface AlignmentTerm extends TermData {
  readonly kind: "align";
  /** What the distance is divided by for each image between. */
  readonly decay: number;
}

const FORM = "align:LAYER[:DECAY]";
const DECAY = 2;

export const align: TermKind<AlignmentTerm> = {
  forms: [{ written: [FORM], says: `likeness of neighbouring images of a batch (decay ${DECAY})` }],
  spellings: { align: parse },
  format: ({ layer, decay }) => `align:${layer}${decay === DECAY ? "" : `:${decay}`}`,
  reads: "layer",
  photo: false,
  batch: "compared",
  channels: "all",
  border: false,
  positions: "all",
  gradientReads: () => "activation",
  passes,
};

function parse(given: TermText) {
  const [decay] = given.parts;
  expectParts(given, FORM, [0, 1]);
  const layer = layerOf(given);
  const read = decay === undefined ? DECAY : numberOf(given, decay, "a decay", { least: 1 });
  return { kind: "align", layer, decay: read } as const;
}

/** −weight · Σ mean (a[n] − a[m])² / decay^|m−n| over the pairs of up to four images apart. */
function passes(context: TermContext<AlignmentTerm>): TermPasses {
  const { term, index, batch, shape } = context;
  const stride = shape.channels * shape.height * shape.width;
  const { value: scale, live } = weighted(context, -1 / stride);
  const uniform = { batch, stride, slot: index, decay: term.decay, scale };
  return {
    forward: ({ activation, partials }) => [
      dispatch(alignment_forward, {
        label: `${term.layer} alignment forward`,
        buffers: { activation, partials },
        uniform: { ...uniform, accumulate: 0 },
        workgroups: [PARTIALS, batch, 1],
        live,
      }),
    ],
    backward: (accumulate, { activation, gradient }) => [
      dispatch(alignment_backward, {
        label: `${term.layer} alignment backward`,
        buffers: { activation, gradient },
        uniform: { ...uniform, accumulate: accumulate ? 1 : 0 },
        workgroups: fold(batch * stride),
        live,
      }),
    ],
  };
}
