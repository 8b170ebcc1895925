/** Means over some elements of each image's activation, or of their squares; formulas in shaders/objective.wgsl. */
import { seed_activation, seed_constant } from "../../../shaders/objective.wgsl";
import { dispatch, fold } from "../../gpu/dispatch.ts";
import { reducePartials } from "../reduce.ts";
import { type TermContext, type TermPasses, weighted, weightKey } from "./context.ts";
import type { TermData } from "./kind.ts";

/** Elements of one image, one behind the other. */
interface Stretch {
  readonly offset: number;
  readonly count: number;
}

/** weight · mean a, or weight · mean a². The activation is read on the way back for squares alone. */
export function meanPasses(
  context: TermContext<TermData>,
  what: "sum" | "squares",
  { offset, count }: Stretch,
): TermPasses {
  const { term, index, batch, shape } = context;
  const stride = shape.channels * shape.height * shape.width;
  const label = `${term.layer} ${term.kind}`;
  const scale = term.weight / count;
  const live = { key: weightKey(index), scale: 1 / count };
  const reduction = { batch, stride, offset, count, slot: index, scale, live };
  return {
    forward: ({ activation, partials }) => [
      reducePartials(`${label} forward`, what, reduction, { input: activation, partials }),
    ],
    backward(accumulate, { activation, gradient }) {
      const { value: scale, live } = weighted(context, (what === "squares" ? 2 : 1) / count);
      const options = {
        label: `${label} backward`,
        uniform: { batch, stride, offset, count, accumulate: accumulate ? 1 : 0, scale },
        workgroups: fold(batch * stride),
        live,
      };
      return [
        what === "squares"
          ? dispatch(seed_activation, { ...options, buffers: { activation, gradient } })
          : dispatch(seed_constant, { ...options, buffers: { gradient } }),
      ];
    },
  };
}
