/** The subject of a picture: from a recipe's objective to the controls that choose it, and back. */

import { placeInNetwork } from "../element/placement.ts";
import { classCount } from "../model/labels.ts";
import type { Network } from "../model/network.ts";
import { convolutionNames, layerChannels } from "../model/shapes.ts";
import { isActivation, isDense } from "../nn/registry.ts";
import { formatObjective, parseObjective } from "../optvis/objective.ts";
import type { Recipe } from "../optvis/recipe.ts";
import { isPlain, type PlainTerm, readsOpacity } from "../optvis/term.ts";
import { classOf, classTerm } from "../optvis/terms/neuron.ts";
import { kindOf, termKinds } from "../optvis/terms/registry.ts";
import { sideFor } from "./sides.ts";
import { changedRecipe } from "./tuned.ts";

/** A class, one of the terms that controls can choose, or any formula. */
export type SubjectChoice = "class" | PlainTerm["kind"] | "formula";

/** Kinds of term that controls choose. */
export const plainKinds = Object.keys(termKinds).filter((name): name is PlainTerm["kind"] =>
  Object.hasOwn(termKinds[name as keyof typeof termKinds], "subject"),
);

/** A term of a kind, of one channel where it is about one. */
export function plainTerm(kind: PlainTerm["kind"], layer: string, channel: number): PlainTerm {
  return termKinds[kind].subject.make(layer, channel);
}

/** Layers whose channels one can ask for: a channel of a head's units is a class or a unit of its own. */
export function spatialLayers(network: Network): readonly string[] {
  return network.layers.filter((layer) => !isDense(layer)).map(({ name }) => name);
}

/** The layer to look at first, by its kind: the last activation that has a place in the image, else the last of all. */
export function telltaleLayer(network: Network): string {
  const layers = network.layers.filter((layer) => !isDense(layer));
  const activation = layers.findLast(isActivation);
  return (activation ?? layers.at(-1))?.name ?? "";
}

/** The single term of a plain objective; undefined for sums, multiples, other kinds and what does not parse. */
export function soleTerm(spec: string, network: Network): PlainTerm | undefined {
  try {
    const { terms } = parseObjective(spec, network);
    const [term] = terms;
    return term && terms.length === 1 && term.weight === 1 && isPlain(term) ? term : undefined;
  } catch {
    return undefined;
  }
}

/** Which control shows an objective. */
export function subjectKind(spec: string, network: Network): SubjectChoice {
  const term = soleTerm(spec, network);
  if (!term) return "formula";
  return classOf(term, network) === undefined ? term.kind : "class";
}

/** Spec of one plain term. */
export function specOf(term: PlainTerm, network: Network): string {
  return formatObjective({ terms: [term] }, network);
}

/** The objective without terms about opacity, for opaque images. A text that does not parse is returned unchanged. */
export function withoutAlpha(spec: string, network: Network): string {
  try {
    const { terms } = parseObjective(spec, network);
    const others = terms.filter((term) => !readsOpacity(term));
    return others.length === terms.length ? spec : formatObjective({ terms: others }, network);
  } catch {
    return spec;
  }
}

/** Spec of a class by its index in the network. */
export function classSpec(index: number, network: Network): string {
  return specOf(classTerm(network, index), network);
}

/** Names of the classes as the list shows them; without a name it is `class I`. */
export function classNames(network: Network): readonly string[] {
  return Array.from(
    { length: classCount(network) },
    (_, index) => network.classes[index] ?? `class ${index}`,
  );
}

/** Two lines for the label under the picture: the subject, and its place in the network. */
export interface Title {
  readonly title: string;
  readonly place: string;
}

export function titleOf(spec: string, network: Network | undefined): Title {
  const term = network && soleTerm(spec, network);
  if (!network || !term) return { title: spec, place: "" };
  const index = classOf(term, network);
  if (index !== undefined) {
    return { title: classNames(network)[index] ?? spec, place: `class ${index}, ${term.layer}` };
  }
  const { subject } = kindOf<PlainTerm>(term);
  const channels = layerChannels(network, term.layer);
  return { title: subject?.title(term) ?? spec, place: subject?.place(term, channels) ?? "" };
}

/** The spec to open a network with: the wish if it fits, else a class, else a channel of a deep layer. */
function fittingSpec(wish: string, network: Network): string {
  try {
    parseObjective(wish, network);
    return wish;
  } catch {
    if (classNames(network).length > 0) return classSpec(0, network);
    return specOf(plainTerm("channel", convolutionNames(network).at(-1) ?? "", 0), network);
  }
}

/**
 * The recipe with a subject that the network has and, where it must be, a size that it takes. Tuned settings follow.
 * @param before the network of the recipe as it is
 */
export function fittingRecipe(recipe: Recipe, network: Network, before: Network | undefined): Recipe {
  const { alpha, batch } = recipe;
  const objective = fittingSpec(recipe.objective, network);
  const wish = { objective, alpha, batch };
  const side = sideFor(network, wish, recipe.size[0]);
  const size = takes(network, { ...wish, size: recipe.size }) ? recipe.size : ([side, side] as const);
  return changedRecipe(recipe, { objective, size }, network, before);
}

function takes(network: Network, request: Parameters<typeof placeInNetwork>[1]): boolean {
  try {
    placeInNetwork(network, request);
    return true;
  } catch {
    return false;
  }
}
