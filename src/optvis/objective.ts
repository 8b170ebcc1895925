/**
 * Objectives: what the image should make the network do more of, as text and as data.
 *
 *     spec = term {" + " term | " - " term}      term = [NUMBER "*"] score [":border=" B] ["[" N {"," N} "]"]
 *     score = "channel:" LAYER ":" I             mean over positions; a unit of a linear layer
 *           | "channel:" LAYER ":" I "," J …     image n of a batch the n-th channel; I".."J is a range
 *           | "neuron:" LAYER ":" I [":" Y "," X]  one unit, the centre one (⌊H/2⌋, ⌊W/2⌋) if not said
 *           | "layer:" LAYER                     mean of squares (DeepDream)
 *           | "class:" (I | NAME | '"' NAME '"')   a logit, the score before softmax
 *           | "direction:" LAYER ":" I "=" W {"," J "=" W} [":" Y "," X] ["^" P]   mean of dot × cosᵖ
 *           | "interpolate:" LAYER ":" I "," J   from channel I in the first image to J in the last
 *           | "caricature:" LAYER ["^" P]        mean of dot × cosᵖ with the photograph's activation
 *           | "invert:" LAYER                    − mean (activation − the photograph's)²
 *           | "style:" LAYER                     − mean (Gram matrix − the photograph's)²
 *           | "align:" LAYER [":" DECAY] | "diversity:" LAYER    likeness and unlikeness of a batch's images
 *           | "alpha"                            mean opacity, of images with an alpha channel, to be subtracted
 *           | "l1" [":" C] | "l2" [":" C] | "tv" | "blur" [":" SIGMA]   penalties on the image, to be subtracted
 *
 * Indices count from zero. Class names match in any case; quotes are for names with " + " or " - " in them,
 * and for names that are numbers. `:border=2` behind a score: its mean leaves out the outermost two positions of the
 * layer on every side, which padding makes unlike the others (Chollet 2020, the Keras example). `[0,2]` behind a term:
 * only for these images of a batch.
 */
import { InputError } from "../errors.ts";
import type { Network, Shape } from "../model/network.ts";
import { type SignedText, splitTerms, weighTerm } from "./algebra.ts";
import { formatScore, parseScore } from "./score.ts";
import { show } from "./spec-errors.ts";
import { type DirectionTerm, isPenalty, type NeuronTerm, type Objective, type Term } from "./term.ts";

export type { Objective, Term } from "./term.ts";

/** Longer specs are refused before they cost anything. */
const MAX_SPEC_LENGTH = 4096;

/**
 * A class becomes the neuron of the last linear layer. Positions depend on the image's size, and images on
 * the batch: `placeObjective` checks them.
 * @throws InputError naming the layers there are, the range, or the nearest class names.
 */
export function parseObjective(spec: string, network: Network): Objective {
  if (spec.length > MAX_SPEC_LENGTH) {
    throw new InputError(`objective expects at most ${MAX_SPEC_LENGTH} characters, got ${spec.length}`);
  }
  const terms = splitTerms(spec).map((term) => parseTerm(term, network));
  if (terms.every(isPenalty)) {
    throw new InputError(`objective ${show(spec)} names no layer: penalties alone leave nothing to ascend`, {
      remedy: `add for example channel:${network.layers[0]?.name}:0`,
    });
  }
  return { terms };
}

/**
 * The same objective with every neuron's position filled in.
 * @param shapes of the layers at the image's size, from `layerShapes`.
 * @param batch images that it is for; without it, what is said of single images is not checked.
 * @throws InputError with the bounds where a position lies outside its layer or an image outside the batch.
 */
export function placeObjective(
  objective: Objective,
  shapes: ReadonlyMap<string, Shape>,
  batch?: number,
): Objective {
  for (const { images } of objective.terms) {
    const outside = images?.find((image) => batch !== undefined && image >= batch);
    if (outside === undefined) continue;
    const last = (batch ?? 1) - 1;
    throw new InputError(`objective: there is no image ${outside} in the batch`, {
      remedy: last === 0 ? "there is image 0 alone" : `images are 0 to ${last}`,
    });
  }
  return { terms: objective.terms.map((term) => placeTerm(term, shapes)) };
}

/** The spec of an objective; `parseObjective` reads it back. Logits are written as classes. */
export function formatObjective(objective: Objective, network: Network): string {
  return objective.terms
    .map((term, i) => {
      const subtracts = i > 0 && term.weight < 0;
      const factor = subtracts ? -term.weight : term.weight;
      const joiner = i === 0 ? "" : subtracts ? " - " : " + ";
      return `${joiner}${factor === 1 ? "" : `${factor}*`}${formatScore(term, network)}`;
    })
    .join("");
}

function parseTerm(term: SignedText, network: Network): Term {
  const { weight, score } = weighTerm(term);
  return { weight, ...parseScore(score, network) };
}

function placeTerm(term: Term, shapes: ReadonlyMap<string, Shape>): Term {
  if ("border" in term && term.border) expectInner(term.layer, term.border, shapes);
  if (term.kind === "neuron") return placePosition(term, shapes);
  return term.kind === "direction" && term.position ? placePosition(term, shapes) : term;
}

/** A border must leave something to average. */
function expectInner(layer: string, border: number, shapes: ReadonlyMap<string, Shape>): void {
  const shape = shapes.get(layer);
  if (shape === undefined || Math.min(shape.height, shape.width) > 2 * border) return;
  throw new InputError(
    `objective: ${layer} is ${shape.height}×${shape.width}, all of it within a border of ${border}`,
    {
      remedy: "use a larger size, or a smaller border",
    },
  );
}

function placePosition<T extends NeuronTerm | DirectionTerm>(term: T, shapes: ReadonlyMap<string, Shape>): T {
  const shape = shapes.get(term.layer);
  if (shape === undefined) throw new InputError(`layer ${show(term.layer)} has no shape at this size`);
  const { height, width } = shape;
  const [y, x] = term.position ?? [Math.floor(height / 2), Math.floor(width / 2)];
  if (y < height && x < width) return { ...term, position: [y, x] };
  throw new InputError(`objective: ${term.layer} has no position ${y},${x}`, {
    remedy: `at this size rows are 0 to ${height - 1} and columns 0 to ${width - 1}`,
  });
}
