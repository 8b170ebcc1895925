/** `style`: minus the mean squared distance of Gram matrices from the photograph's (Gatys et al. 2015). */
import { gram_difference } from "../../../shaders/gram.wgsl";
import { dispatch, fold } from "../../gpu/dispatch.ts";
import { reducePartials } from "../reduce.ts";
import { gains, type TermContext, type TermPasses, weightKey } from "./context.ts";
import { fromMatrix, gramMatrices, gramUniform, matrices } from "./gram.ts";
import type { TermData, TermKind } from "./kind.ts";
import { wholeLayer } from "./text.ts";

export interface StyleTerm extends TermData {
  readonly kind: "style";
}

const FORM = "style:LAYER";

export const style: TermKind<StyleTerm> = {
  forms: [
    { written: [FORM], says: "minus the mean squared distance of the Gram matrix from a photograph's" },
  ],
  spellings: { style: wholeLayer("style", FORM) },
  format: (term) => `style:${term.layer}`,
  reads: "layer",
  photo: true,
  batch: "same",
  channels: "all",
  border: false,
  positions: "all",
  gradientReads: () => "forward",
  passes,
};

/** −weight · mean (G − T)² over the matrix, T the photograph's Gram matrix. */
function passes(context: TermContext<StyleTerm>): TermPasses {
  const { term, index, batch, shape, memory } = context;
  const { channels, height, width } = shape;
  const count = channels * channels;
  const grams = matrices(context, "gram");
  const difference = matrices(context, "difference");
  const goal = memory.buffer(`term${index}.target`, "workspace", 4 * count);
  const weighing = gains(context);
  const live = { key: weightKey(index), scale: -1 / count };
  const squares = { batch, stride: count, offset: 0, count, slot: index, scale: -term.weight / count, live };
  return {
    forward: ({ activation, partials }) => [
      gramMatrices(context, activation, grams),
      dispatch(gram_difference, {
        label: `${term.layer} style difference`,
        buffers: { grams, goal, gains: weighing, difference },
        uniform: gramUniform(context, 0),
        workgroups: fold(batch * count),
      }),
      reducePartials(`${term.layer} style forward`, "squares", squares, { input: difference, partials }),
    ],
    backward: (accumulate, buffers) => [
      fromMatrix(context, -4 / (count * height * width), accumulate, difference, buffers),
    ],
    targetShare: { from: { buffer: grams }, to: goal, bytes: 4 * count },
  };
}
