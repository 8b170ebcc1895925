/** `neuron`: one unit at one position. `class` is another spelling of it, for the units of the last linear layer. */
import { classIndex, classLayer } from "../../model/labels.ts";
import type { Network } from "../../model/network.ts";
import { add, vectorPasses } from "./along.ts";
import { type AtPosition, coversAll, type SubjectKind, type TermData } from "./kind.ts";
import { meanPasses } from "./mean.ts";
import { centre, onePosition } from "./rectangle.ts";
import { channelOf, expectParts, formatPosition, positionIn, refuse, type TermText } from "./text.ts";

export interface NeuronTerm extends AtPosition {
  readonly kind: "neuron";
  readonly channel: number;
}

const FORM = "neuron:LAYER:I[:Y,X]";

export const neuron: SubjectKind<NeuronTerm> = {
  forms: [
    { written: [FORM], says: "one unit: the centre one (⌊H/2⌋, ⌊W/2⌋), or at row Y and column X" },
    {
      written: ["class:NAME", 'class:"NAME"', "class:I"],
      says: "a class's logit, its score before softmax; by name or index",
    },
  ],
  spellings: { neuron: parseNeuron, class: parseClass },
  format(term, network) {
    const index = classOf(term, network);
    if (index !== undefined) return `class:${formatClass(index, network)}`;
    return `neuron:${term.layer}:${term.channel}${formatPosition(term)}`;
  },
  reads: "layer",
  photo: false,
  batch: "same",
  channels: {
    of: (term) => [term.channel],
    among: (term, at) => ({ ...term, channel: at(term.channel) }),
  },
  border: false,
  positions: "one",
  gradientReads: (term) => (coversAll(term) ? "nothing" : "activation"),
  passes(context) {
    const { term, shape } = context;
    const one = onePosition(shape, term.position ?? centre(shape));
    const offset = term.channel * shape.height * shape.width + one.first;
    if (coversAll(term)) return meanPasses(context, "sum", { offset, count: 1 });
    return vectorPasses(context, { positions: one }, (vector) => add(vector, term.channel, 1));
  },
  subject: {
    make: (layer, channel) => ({ kind: "neuron", weight: 1, layer, channel }),
    title: (term) => `Neuron ${term.channel}`,
    place({ layer, position }, channels) {
      const at = position ? `row ${position[0]}, column ${position[1]}` : "at the centre";
      return `of ${channels} in ${layer}, ${at}`;
    },
  },
};

/** The term of a class. Of a network without classes it reads the last layer all the same. */
export function classTerm(network: Network, index: number): NeuronTerm {
  return { kind: "neuron", weight: 1, layer: network.layers.at(-1)?.name ?? "", channel: index };
}

/** Index of the class whose logit a term is. */
export function classOf(term: TermData, network: Network): number | undefined {
  const isLogit = term.layer === classLayer(network)?.name;
  return isLogit && isNeuron(term) ? term.channel : undefined;
}

function isNeuron(term: TermData): term is NeuronTerm {
  return term.kind === "neuron";
}

function parseNeuron(given: TermText) {
  expectParts(given, FORM, [1, 2]);
  const channel = channelOf(given, given.parts[0]);
  return { kind: "neuron", layer: given.layer, channel, ...positionIn(given, given.parts[1]) } as const;
}

function parseClass(given: TermText) {
  const { network, argument = "" } = given;
  const quoted = /^"([^"]*)"$/.exec(argument.trim())?.[1];
  if (quoted === undefined && (argument.includes('"') || argument.trim() === "")) {
    refuse(given, "expected an index or a name");
  }
  // A name that is a number stands in quotes.
  const isNumber = quoted !== undefined && /^[+-]?\d+$/.test(quoted);
  const named = isNumber ? network.classes.indexOf(quoted) : -1;
  const channel = named >= 0 ? named : classIndex(network, quoted ?? argument);
  const { kind, layer } = classTerm(network, channel);
  return { kind, layer, channel } as const;
}

/** The name where it leads back to the same class, else the index. */
function formatClass(index: number, network: Network): string {
  const name = network.classes[index];
  const unique = name !== undefined && network.classes.indexOf(name) === network.classes.lastIndexOf(name);
  if (!unique || name.trim() !== name || name === "" || name.includes('"')) return String(index);
  return /^[A-Za-z][A-Za-z_'-]*$/.test(name) ? name : `"${name}"`;
}
