/** Mean squared distances of activations from a goal; formulas in shaders/distance.wgsl. */
import { distance_backward, distance_forward } from "../../../shaders/distance.wgsl";
import { type BufferRef, dispatch, fold } from "../../gpu/dispatch.ts";
import { PARTIALS } from "../reduce.ts";
import { gains, type TermContext, type TermPasses, weighted } from "./context.ts";
import type { OverPositions } from "./kind.ts";
import { withinBorder } from "./rectangle.ts";

/** One image's activation (C,H,W), or one number for all of it. */
interface Goal {
  readonly buffer: BufferRef;
  readonly length: number;
}

/** sign · weight · mean (a − goal)². */
export function distancePasses(context: TermContext<OverPositions>, sign: 1 | -1, goal: Goal): TermPasses {
  const { term, index, batch, shape } = context;
  const area = shape.height * shape.width;
  const stride = shape.channels * area;
  const positions = withinBorder(shape, term.border);
  const { value: scale, live } = weighted(context, sign / (shape.channels * positions.count));
  const uniform = { batch, stride, area, ...positions, targetLength: goal.length, slot: index, scale };
  const shared = { goal: goal.buffer, gains: gains(context) };
  return {
    forward: ({ activation, partials }) => [
      dispatch(distance_forward, {
        label: `${term.layer} ${term.kind} forward`,
        buffers: { ...shared, activation, partials },
        uniform: { ...uniform, accumulate: 0 },
        workgroups: [PARTIALS, batch, 1],
        live,
      }),
    ],
    backward: (accumulate, { activation, gradient }) => [
      dispatch(distance_backward, {
        label: `${term.layer} ${term.kind} backward`,
        buffers: { ...shared, activation, gradient },
        uniform: { ...uniform, accumulate: accumulate ? 1 : 0 },
        workgroups: fold(batch * stride),
        live,
      }),
    ],
  };
}
