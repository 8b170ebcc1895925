/** Distances of activations from the photograph's or from zero; formulas in shaders/distance.wgsl. */
import { distance_backward, distance_forward } from "../../../shaders/distance.wgsl";
import { type BufferRef, dispatch, fold } from "../../gpu/dispatch.ts";
import { PARTIALS } from "../reduce.ts";
import type { InversionTerm, LayerTerm } from "../term.ts";
import { gains, type TermContext, type TermPasses, weighted } from "./context.ts";
import { withinBorder } from "./rectangle.ts";

/** −mean (a − t)², t the photograph's activation. */
export function inversionPasses(place: TermContext<InversionTerm>): TermPasses {
  const { term, shape, memory } = place;
  const length = shape.channels * shape.height * shape.width;
  const goal = memory.buffer(`${term.layer}.target`, "kept", 4 * length);
  return { ...passes(place, goal, length, -1), capture: { from: "activation", to: goal, bytes: 4 * length } };
}

/** mean a² of some images of a batch, or without a border. */
export function layerPasses(place: TermContext<LayerTerm>): TermPasses {
  return passes(place, place.memory.table("zero", new Float32Array(1)), 1, 1);
}

function passes(
  place: TermContext<InversionTerm | LayerTerm>,
  goal: BufferRef,
  targetLength: number,
  sign: 1 | -1,
): TermPasses {
  const { term, index, batch, shape } = place;
  const area = shape.height * shape.width;
  const stride = shape.channels * area;
  const positions = withinBorder(shape, term.border);
  const { value: scale, live } = weighted(place, sign / (shape.channels * positions.count));
  const uniform = { batch, stride, area, ...positions, targetLength, slot: index, scale };
  const shared = { goal, gains: gains(place) };
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
