/**
 * Objectives: what the image should make the network do more of, as text (a spec) and as data.
 *
 *     spec = [sign] term {" + " term | " - " term}      sign = "-" | "+"
 *     term = [NUMBER "*"] core [":border=" B] ["[" N {"," N} "]"]
 *
 * Each kind of term in `terms/` says how its core is written. `objectiveForms` lists all of it.
 *
 * Indices count from zero. Class names match in any case. Quotes are for names with " + " or " - " in them, and for
 * names that are numbers. `:border=2` leaves the outermost two positions of the layer out of a mean, on every side:
 * padding makes them unlike the others (Chollet 2020, the Keras example). `[0,2]` makes a term one of these images of a
 * batch alone.
 */
import { InputError, shown } from "../errors.ts";
import type { Network, Shape } from "../model/network.ts";
import { joinTerms, MAX_SPEC_LENGTH, splitTerms, weighTerm } from "./algebra.ts";
import { isPenalty, type Objective, type Term } from "./term.ts";
import { bordered, formatTerm, listed, parseTerm, termForms } from "./term-text.ts";
import type { AtPosition, Form } from "./terms/kind.ts";
import { centre } from "./terms/rectangle.ts";
import { kindOf } from "./terms/registry.ts";

export type { Objective, Term } from "./term.ts";

/** What is done to terms. */
const sumForms: readonly Form[] = [
  { written: ["A + B", "A - B"], says: "sum and difference; the spaces are needed" },
  { written: ["-A", "NUMBER*A"], says: "a multiple; penalties are subtracted" },
  { written: ["A[0,2]"], says: "only for these images of a batch" },
  {
    written: ["A:border=N"],
    says: `the mean without the outermost N positions on every side, for ${listed(bordered, "and")}`,
  },
];

/** Everything that an objective can be written with: the rows of the help and of the papers. */
export const objectiveForms: readonly Form[] = [...termForms, ...sumForms];

/**
 * Reads a spec. A class becomes the neuron of the last linear layer. Positions depend on the image's size and images on
 * the batch, so `placeObjective` checks them.
 * @throws InputError naming the layers there are, the range, or the nearest class names.
 */
export function parseObjective(spec: string, network: Network): Objective {
  if (spec.length > MAX_SPEC_LENGTH) {
    throw new InputError(`objective expects at most ${MAX_SPEC_LENGTH} characters, got ${spec.length}`);
  }
  const terms = splitTerms(spec).map((signed): Term => {
    const { weight, text } = weighTerm(signed);
    return { ...parseTerm(text, network), weight } as Term;
  });
  if (terms.every(isPenalty)) {
    throw new InputError(`objective ${shown(spec)} names no layer: penalties alone leave nothing to ascend`, {
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
  return joinTerms(objective.terms.map((term) => ({ weight: term.weight, text: formatTerm(term, network) })));
}

function placeTerm(term: Term, shapes: ReadonlyMap<string, Shape>): Term {
  if ("border" in term && term.border) expectInner(term.layer, term.border, shapes);
  const { positions } = kindOf(term);
  const isPlaced = positions === "one" || (positions === "all or one" && "position" in term);
  return isPlaced ? ({ ...term, position: placed(term, shapes) } as Term) : term;
}

/** A border must leave something to average. */
function expectInner(layer: string, border: number, shapes: ReadonlyMap<string, Shape>): void {
  const shape = shapes.get(layer);
  if (shape === undefined || Math.min(shape.height, shape.width) > 2 * border) return;
  const text = `objective: ${layer} is ${shape.height}×${shape.width}, all of it within a border of ${border}`;
  throw new InputError(text, { remedy: "use a larger size, or a smaller border" });
}

/** The term's position, the centre if none is said. */
function placed(term: AtPosition, shapes: ReadonlyMap<string, Shape>): readonly [y: number, x: number] {
  const shape = shapes.get(term.layer);
  if (shape === undefined) throw new InputError(`layer ${shown(term.layer)} has no shape at this size`);
  const { height, width } = shape;
  const [y, x] = term.position ?? centre(shape);
  if (y < height && x < width) return [y, x];
  throw new InputError(`objective: ${term.layer} has no position ${y},${x}`, {
    remedy: `at this size rows are 0 to ${height - 1} and columns 0 to ${width - 1}`,
  });
}
