/** `diversity`: minus the likeness of the images' normalised Gram matrices (Lucid). */
import { diversity_difference, diversity_forward, gram_normalize } from "../../../shaders/gram.wgsl";
import { dispatch } from "../../gpu/dispatch.ts";
import { PARTIALS } from "../reduce.ts";
import { type TermContext, type TermPasses, weighted } from "./context.ts";
import { fromMatrix, gramMatrices, gramUniform, matrices } from "./gram.ts";
import type { TermData, TermKind } from "./kind.ts";
import { wholeLayer } from "./text.ts";

export interface DiversityTerm extends TermData {
  readonly kind: "diversity";
}

const FORM = "diversity:LAYER";

export const diversity: TermKind<DiversityTerm> = {
  forms: [{ written: [FORM], says: "unlikeness of all images of a batch" }],
  spellings: { diversity: wholeLayer("diversity", FORM) },
  format: (term) => `diversity:${term.layer}`,
  reads: "layer",
  photo: false,
  batch: "compared",
  channels: "all",
  border: false,
  positions: "all",
  gradientReads: () => "forward",
  passes,
};

/** −(weight/N) Σ ⟨Ĝ[n], Ĝ[m]⟩ over the pairs n ≠ m. */
function passes(context: TermContext<DiversityTerm>): TermPasses {
  const { term, index, batch, shape, memory } = context;
  const raw = matrices(context, "gram");
  const grams = matrices(context, "normalized");
  const difference = matrices(context, "difference");
  const norms = memory.buffer(`term${index}.norms`, "workspace", 4 * batch);
  const { value: scale, live } = weighted(context, -1 / batch);
  return {
    forward: ({ activation, partials }) => [
      gramMatrices(context, activation, raw),
      dispatch(gram_normalize, {
        label: `${term.layer} Gram matrices normalised`,
        buffers: { grams: raw, normalized: grams, norm: norms },
        uniform: gramUniform(context, 0),
        workgroups: [batch, 1, 1],
      }),
      dispatch(diversity_forward, {
        label: `${term.layer} diversity forward`,
        buffers: { grams, partials },
        uniform: gramUniform(context, scale),
        workgroups: [PARTIALS, batch, 1],
        live,
      }),
    ],
    backward: (accumulate, buffers) => [
      dispatch(diversity_difference, {
        label: `${term.layer} diversity difference`,
        buffers: { grams, norms, difference },
        uniform: gramUniform(context, 0),
        workgroups: [batch, 1, 1],
      }),
      fromMatrix(context, -4 / (batch * shape.height * shape.width), accumulate, difference, buffers),
    ],
  };
}
