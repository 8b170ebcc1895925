/** `classify`: what a network sees in a photograph, by its scores: whether it was read as it was trained. */
import { createAscent } from "../engine/run/ascent.ts";
import { InputError, shown } from "../errors.ts";
import { classIndex, classLayer } from "../model/labels.ts";
import type { Model, Network, Size } from "../model/network.ts";
import { layerShapes } from "../model/shapes.ts";
import { text } from "../optvis/field.ts";
import { fitPhoto, trainedPhoto } from "../optvis/picture.ts";
import { defaultRecipe } from "../optvis/recipe.ts";
import type { Scored } from "./fool.ts";
import { type AnyMethod, method } from "./method.ts";
import { type GpuReport, libraryContext, remarksOf, whereRun } from "./report.ts";
import { onePhoto } from "./shared/image.ts";
import { table } from "./shared/text.ts";

const TOP = 5;

/** Of a score, relative, besides the digits that were not written: what float32 is held to everywhere here. */
const SCORE_TOLERANCE = 1e-4;

export interface RankedClass extends Scored {
  /** By the softmax over all classes. */
  readonly probability: number;
}

/** What was expected of the photograph, and what came of it. */
export interface Expected {
  readonly met: boolean;
  /** The class in question: the one named, or the first. Its rank counts from 1. */
  readonly class: RankedClass & { readonly rank: number };
  /** Where a score was expected: it, and how far above it the class's score is. */
  readonly score?: number;
  readonly off?: number;
}

export interface ClassifyReport extends GpuReport {
  readonly size: Size;
  readonly classes: number;
  /** The five highest scores, or as many as there are classes; the first is the highest. */
  readonly top: readonly RankedClass[];
  readonly expected?: Expected;
}

const options = {
  expect: text({
    label: "Expected",
    help: "the class that should be first (name or index), the score of the first (17.31), or both (tabby=17.31)",
    default: "",
    leftOut: "",
    empty: true,
    most: 300,
    placeholder: "class|score",
  }),
};

export const classify = method({
  name: "Classify",
  sentence: "Name the five classes that a network sees in a photograph.",
  caption: "what it sees: the five classes with the highest scores",
  source: "softmax of the logits",
  input: "photograph",
  view: "trained",
  subject: "none",
  options,
  makes: { scores: { shape: "[1,N]", unit: "before softmax" } },
  examples: ["--model embedded --image photo.jpg", "--model embedded --image photo.jpg --expect goldfish"],
  steps: () => 0,
  check(model, { image, expect = "" }) {
    headOf(model.network);
    layerShapes(model.network, onePhoto(image));
    parseExpected(expect, model.network);
  },
  async run(gpu, model, { image, expect = "" }, context = libraryContext()) {
    const { network } = model;
    const wanted = parseExpected(expect, network);
    const size = onePhoto(image);
    const scores = await scoresOf(gpu, model, image.data, size);
    const ranked = rank(scores.data, network);
    const report: ClassifyReport = {
      ...whereRun(gpu, context),
      size,
      classes: ranked.length,
      top: ranked.slice(0, TOP),
      ...(wanted && { expected: compare(wanted, ranked) }),
      kernels: scores.kernels,
      ...remarksOf(ranked.length === 1 ? ONE_OUTPUT : undefined),
    };
    return { report, tensors: { scores: { shape: [1, ranked.length], data: scores.data } } };
  },
  rows: ({ top }: ClassifyReport) =>
    top.map(({ name, probability, score }) => ({
      name,
      share: probability,
      note: `${percent(probability)}, score ${score.toFixed(2)}`,
    })),
  summary: classifyText,
});

const ONE_OUTPUT =
  "the network has one output, so its probability by softmax is 1 whatever it sees; look at its score";

/** How a photograph is made to the size of a method. */
export function fitOf({ view }: Pick<AnyMethod, "view">): typeof fitPhoto {
  return view === "trained" ? trainedPhoto : fitPhoto;
}

function headOf(network: Network): string {
  const head = classLayer(network);
  if (head !== undefined) return head.name;
  throw new InputError(`${network.name} has no classes, its head is missing`, {
    remedy: "take a checkpoint with its classifier",
  });
}

/** Every class's score before softmax: one forward pass. */
async function scoresOf(
  gpu: Parameters<typeof createAscent>[0],
  model: Model,
  rgb: Float32Array,
  size: Size,
) {
  const head = headOf(model.network);
  const recipe = { ...defaultRecipe, objective: "class:0", size, redirect: false };
  const ascent = await createAscent(gpu, model, recipe, { first: "value", plan: { keep: head } });
  try {
    await ascent.value(rgb);
    return { data: await ascent.readActivation(head), kernels: ascent.kernels };
  } finally {
    ascent.dispose();
  }
}

/** The highest score first; of equal ones the lower index. */
function rank(scores: Float32Array, { classes }: Network): readonly RankedClass[] {
  const highest = scores.reduce((a, b) => Math.max(a, b), -Infinity);
  const sum = scores.reduce((total, score) => total + Math.exp(score - highest), 0);
  return [...scores]
    .map((score, index) => ({
      index,
      name: classes[index] ?? String(index),
      score,
      probability: Math.exp(score - highest) / sum,
    }))
    .sort((a, b) => b.score - a.score || a.index - b.index);
}

interface Wanted {
  readonly index?: number;
  readonly score?: number;
  /** What the digits that were not written may change. */
  readonly slack?: number;
}

/** `tabby`, `281`, `17.31`, `tabby=17.31` or `=17`: whole numbers alone are classes, as everywhere. */
function parseExpected(spec: string, network: Network): Wanted | undefined {
  const asked = spec.trim();
  if (asked === "") return undefined;
  headOf(network);
  const [, name = "", digits] = /^(.*?)=\s*([^=]*)$/.exec(asked) ?? [];
  if (digits !== undefined) {
    return { ...(name.trim() === "" ? {} : { index: classIndex(network, name) }), ...scoreOf(digits) };
  }
  return /^[+-]?\d*\.\d+(e[+-]?\d+)?$/i.test(asked) ? scoreOf(asked) : { index: classIndex(network, asked) };
}

function scoreOf(digits: string): Required<Pick<Wanted, "score" | "slack">> {
  const score = Number(digits);
  const written = /^[+-]?(?:\d+\.?(\d*)|\.(\d+))(?:e([+-]?\d+))?$/i.exec(digits.trim());
  if (written === null || !Number.isFinite(score)) {
    throw new InputError(`expect: a score is a number, got ${shown(digits)}`, {
      remedy: "write it as 17.31 or tabby=17.31",
    });
  }
  const decimals = (written[1] ?? written[2] ?? "").length - Number(written[3] ?? 0);
  return { score, slack: 0.5 * 10 ** -decimals };
}

function compare({ index, score, slack = 0 }: Wanted, ranked: readonly RankedClass[]): Expected {
  const at = index === undefined ? 0 : ranked.findIndex((each) => each.index === index);
  const found = { ...(ranked[at] as RankedClass), rank: at + 1 };
  if (score === undefined) return { met: at === 0, class: found };
  const off = found.score - score;
  const near = Math.abs(off) <= slack + SCORE_TOLERANCE * Math.abs(score);
  return { met: near && at === 0, class: found, score, off };
}

function percent(probability: number): string {
  return `${(100 * probability).toFixed(1)} %`;
}

function classifyText({ size, top, classes, expected }: ClassifyReport): string {
  const rows = top.map(({ name, score, probability }) => [name, score.toFixed(4), percent(probability)]);
  const how = "resized to 256/224 of it and cropped in the middle, if a photograph";
  const lines = [
    `Of ${classes} classes, at ${size.join("×")} (${how}):`,
    table([["class", "score", "softmax"], ...rows]),
  ];
  return [...lines, ...(expected ? [expectedText(expected)] : [])].join("\n");
}

function expectedText({ met, class: found, score, off }: Expected): string {
  const place = found.rank === 1 ? "is first" : `is number ${found.rank}, not first`;
  const far =
    score === undefined || off === undefined
      ? ""
      : `, its score ${found.score.toFixed(4)} is ${Math.abs(off).toPrecision(3)} ${off < 0 ? "below" : "above"} ${score}`;
  return `${met ? "As expected" : "Not as expected"}: ${found.name} ${place}${far}`;
}
