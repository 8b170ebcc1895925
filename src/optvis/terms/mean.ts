/** Means over a part of the activation: a channel, a neuron, or the squares of a whole layer. */
import { seed_activation, seed_constant } from "../../../shaders/objective.wgsl";
import { dispatch, fold } from "../../gpu/dispatch.ts";
import type { Shape } from "../../model/network.ts";
import { reducePartials } from "../reduce.ts";
import type { PlainTerm } from "../term.ts";
import { type TermContext, type TermPasses, weighted, weightKey } from "./context.ts";

/** weight · mean (channel, neuron) or weight · mean of squares (layer). `activation` is read by `layer` alone on the way back. */
export function meanPasses(place: TermContext<PlainTerm>): TermPasses {
  const { term, index, batch, shape } = place;
  const { offset, count } = range(term, shape);
  const stride = shape.channels * shape.height * shape.width;
  const squares = term.kind === "layer";
  const label = `${term.layer} ${term.kind}`;
  return {
    forward: ({ activation, partials }) => [
      reducePartials(
        `${label} forward`,
        squares ? "squares" : "sum",
        {
          batch,
          stride,
          offset,
          count,
          slot: index,
          scale: term.weight / count,
          live: { key: weightKey(index), scale: 1 / count },
        },
        { input: activation, partials },
      ),
    ],
    backward(accumulate, { activation, gradient }) {
      const { value: scale, live } = weighted(place, (squares ? 2 : 1) / count);
      const options = {
        label: `${label} backward`,
        uniform: { batch, stride, offset, count, accumulate: accumulate ? 1 : 0, scale },
        workgroups: fold(batch * stride),
        live,
      };
      const seed = squares
        ? dispatch(seed_activation, { ...options, buffers: { activation, gradient } })
        : dispatch(seed_constant, { ...options, buffers: { gradient } });
      return [seed];
    },
  };
}

/** Elements of one image that are averaged. */
function range(term: PlainTerm, { channels, height, width }: Shape): { offset: number; count: number } {
  const area = height * width;
  if (term.kind === "layer") return { offset: 0, count: channels * area };
  const first = term.channel * area;
  if (term.kind === "channel") return { offset: first, count: area };
  const [y, x] = term.position ?? [Math.floor(height / 2), Math.floor(width / 2)];
  return { offset: first + y * width + x, count: 1 };
}
