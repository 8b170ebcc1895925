/** Alignment of neighbouring images of a batch; formulas in shaders/alignment.wgsl. */
import { alignment_backward, alignment_forward } from "../../../shaders/alignment.wgsl";
import { dispatch, fold } from "../../gpu/dispatch.ts";
import { PARTIALS } from "../reduce.ts";
import type { AlignmentTerm } from "../term.ts";
import { type TermContext, type TermPasses, weighted } from "./context.ts";

/** −Σ mean (a[n] − a[m])² / decay^|m−n| over the pairs of up to four images apart. */
export function alignmentPasses(place: TermContext<AlignmentTerm>): TermPasses {
  const { term, index, batch, shape } = place;
  const stride = shape.channels * shape.height * shape.width;
  const { value: scale, live } = weighted(place, -1 / stride);
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
