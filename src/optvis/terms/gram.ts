/** Style and diversity, by Gram matrices; formulas in shaders/gram.wgsl. */
import {
  diversity_difference,
  diversity_forward,
  gram_backward,
  gram_difference,
  gram_forward,
  gram_normalize,
} from "../../../shaders/gram.wgsl";
import { type BufferRef, type Dispatch, dispatch, fold } from "../../gpu/dispatch.ts";
import { PARTIALS, reducePartials } from "../reduce.ts";
import type { DiversityTerm, StyleTerm } from "../term.ts";
import {
  type BackwardBuffers,
  gains,
  type TermContext,
  type TermPasses,
  weighted,
  weightKey,
} from "./context.ts";

/** −mean (G − T)² over the matrix, T the photograph's Gram matrix. */
export function stylePasses(place: TermContext<StyleTerm>): TermPasses {
  const { term, index, batch, shape, memory } = place;
  const { channels, height, width } = shape;
  const count = channels * channels;
  const grams = matrices(place, "gram");
  const difference = matrices(place, "difference");
  const goal = memory.buffer(`term${index}.target`, "workspace", 4 * count);
  return {
    forward: ({ activation, partials }) => [
      gram(place, activation, grams),
      dispatch(gram_difference, {
        label: `${term.layer} style difference`,
        buffers: { grams, goal, gains: gains(place), difference },
        uniform: uniformOf(place, 0, false),
        workgroups: fold(batch * count),
      }),
      reducePartials(
        `${term.layer} style forward`,
        "squares",
        {
          batch,
          stride: count,
          offset: 0,
          count,
          slot: index,
          scale: -term.weight / count,
          live: { key: weightKey(index), scale: -1 / count },
        },
        { input: difference, partials },
      ),
    ],
    backward: (accumulate, buffers) => [
      fromMatrix(place, -4 / (count * height * width), accumulate, difference, buffers),
    ],
    capture: { from: { buffer: grams }, to: goal, bytes: 4 * count },
  };
}

/** −(1/N) Σ ⟨Ĝ[n], Ĝ[m]⟩ over the pairs n ≠ m. */
export function diversityPasses(place: TermContext<DiversityTerm>): TermPasses {
  const { term, index, batch, shape, memory } = place;
  const raw = matrices(place, "gram");
  const grams = matrices(place, "normalized");
  const difference = matrices(place, "difference");
  const norms = memory.buffer(`term${index}.norms`, "workspace", 4 * batch);
  const { value: scale, live } = weighted(place, -1 / batch);
  return {
    forward: ({ activation, partials }) => [
      gram(place, activation, raw),
      dispatch(gram_normalize, {
        label: `${term.layer} Gram matrices normalised`,
        buffers: { grams: raw, normalized: grams, norm: norms },
        uniform: uniformOf(place, 0, false),
        workgroups: [batch, 1, 1],
      }),
      dispatch(diversity_forward, {
        label: `${term.layer} diversity forward`,
        buffers: { grams, partials },
        uniform: uniformOf(place, scale, false),
        workgroups: [PARTIALS, batch, 1],
        live,
      }),
    ],
    backward: (accumulate, buffers) => [
      dispatch(diversity_difference, {
        label: `${term.layer} diversity difference`,
        buffers: { grams, norms, difference },
        uniform: uniformOf(place, 0, false),
        workgroups: [batch, 1, 1],
      }),
      fromMatrix(place, -4 / (batch * shape.height * shape.width), accumulate, difference, buffers),
    ],
  };
}

type GramContext = TermContext<StyleTerm | DiversityTerm>;

/** A buffer of one matrix an image. */
function matrices({ index, batch, shape, memory }: GramContext, name: string): string {
  const role = name === "gram" ? "kept" : "workspace";
  return memory.buffer(`term${index}.${name}`, role, 4 * batch * shape.channels ** 2);
}

function uniformOf({ index, batch, shape }: GramContext, scale: number, accumulate: boolean) {
  const { channels, height, width } = shape;
  return { batch, channels, area: height * width, slot: index, accumulate: accumulate ? 1 : 0, scale };
}

function gram(place: GramContext, activation: BufferRef, target: string): Dispatch {
  return dispatch(gram_forward, {
    label: `${place.term.layer} Gram matrices`,
    buffers: { activation, gram: target },
    uniform: uniformOf(place, 0, false),
    workgroups: fold(place.batch * place.shape.channels ** 2),
  });
}

/** da = weight · factor · D·a. */
function fromMatrix(
  place: GramContext,
  factor: number,
  accumulate: boolean,
  differences: string,
  { activation, gradient }: BackwardBuffers,
): Dispatch {
  const { channels, height, width } = place.shape;
  const { value: scale, live } = weighted(place, factor);
  return dispatch(gram_backward, {
    label: `${place.term.layer} ${place.term.kind} backward`,
    buffers: { activation, differences, gradient },
    uniform: uniformOf(place, scale, accumulate),
    workgroups: fold(place.batch * channels * height * width),
    live,
  });
}
