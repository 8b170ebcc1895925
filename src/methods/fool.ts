/** `fool`: a photograph changed until the network takes it for something else. */
import { createAscent } from "../engine/run/ascent.ts";
import { InputError, shown } from "../errors.ts";
import { classCount } from "../model/labels.ts";
import type { Network } from "../model/network.ts";
import { parseObjective } from "../optvis/objective.ts";
import { defaultRecipe, type Recipe } from "../optvis/recipe.ts";
import { classOf } from "../optvis/terms/neuron.ts";
import { method, settingsOf } from "./method.ts";
import { type GpuReport, libraryContext, remarksOf, whereRun } from "./report.ts";
import { onePhoto } from "./shared/image.ts";
import { imageAlone } from "./shared/picture.ts";
import { iterationsRow, rateRow } from "./shared/rows.ts";
import { figure } from "./shared/text.ts";

/** A class and its score before softmax. */
export interface Scored {
  readonly index: number;
  readonly name: string;
  readonly score: number;
}

export interface FoolReport extends GpuReport {
  readonly iterations: number;
  /** The highest score of the photograph, and of the image made of it. */
  readonly before: Scored;
  readonly after: Scored;
  readonly fooled: boolean;
  /** The wanted class's score before each step. */
  readonly scores: readonly number[];
  /** The wanted class's score of the image. */
  readonly objective: number;
  /** Root mean square of the change, in RGB 0–1 units. */
  readonly distance: number;
}

/** 1·g/‖g‖ on an input normalised by ImageNet's standard deviation, which is 0.226 of the RGB range on average. */
const options = {
  lr: rateRow({ help: "length of a step along the gradient, in RGB 0–1 units", default: 0.226 }),
  iterations: iterationsRow({ help: "steps after which it gives up", default: 100 }),
};

/**
 * Steps of equal length up the gradient of the class's score, RGB kept in 0–1, until the class has the highest
 * score. The score is seen before each step, so the image has gone one step further than it had to.
 */
export const fool = method({
  name: "Fool",
  sentence: "Change a photograph until the network takes it for a class.",
  caption: "change it until it is taken for the subject's class",
  source: "CS231n",
  input: "photograph",
  subject: "class",
  options,
  makes: { image: { shape: "[1,3,H,W]", unit: "RGB 0–1" } },
  examples: ["--model embedded --image photo.jpg --size 128 --objective class:pizza --out fool.png"],
  picture: { draw: imageAlone },
  steps: (given) => settingsOf(options, given).iterations,
  check: ({ network }, { objective }) => void wantedClass(network, objective),
  async run(gpu, model, given, context = libraryContext()) {
    const { lr, iterations } = settingsOf(options, given);
    const { objective, image } = given;
    const { network } = model;
    const target = wantedClass(network, objective);
    const last = network.layers.at(-1)?.name ?? "";
    const recipe = foolRecipe(objective, onePhoto(image), lr);
    const photo = image.data;
    const plan = { keep: last };
    const ascent = await createAscent(gpu, model, recipe, { photo, first: "gradient", plan });
    try {
      const seen = async () => [...(await ascent.readActivation(last))];
      await ascent.gradient();
      const before = best(network, await seen());
      const scores: number[] = [];
      let now = before;
      while (now.index !== target && ascent.iteration < iterations) {
        scores.push(...(await ascent.step()));
        now = best(network, await seen());
        context.onProgress?.(ascent.iteration);
      }
      const data = await ascent.readImage();
      const value = (await ascent.gradient()).objective[0] as number;
      const logits = await seen();
      const after = best(network, logits);
      const report: FoolReport = {
        ...whereRun(gpu, context),
        iterations: ascent.iteration,
        before,
        after,
        fooled: after.index === target,
        scores,
        objective: value,
        distance: distance(photo, data),
        kernels: ascent.kernels,
        ...remarksOf(logits.length === 1 ? oneOutput(last) : undefined),
      };
      return { report, tensors: { image: { shape: image.shape, data } } };
    } finally {
      ascent.dispose();
    }
  },
  summary({ before, after, fooled, iterations, distance: away }: FoolReport) {
    const levels = figure(255 * away);
    const steps = iterations === 1 ? "step" : "steps";
    const end = fooled ? `now ${after.name}` : `still ${after.name}`;
    return `${before.name}, ${end} after ${iterations} ${steps}, ${levels} of 255 levels away (root mean square)`;
  },
});

function foolRecipe(objective: string, size: Recipe["size"], lr: number): Recipe {
  const ascent = { init: "photo", optimizer: "normalized", lr, clamp: true, redirect: false } as const;
  return { ...defaultRecipe, ...ascent, objective, size };
}

/** What to say where there is no second class. */
function oneOutput(layer: string): string {
  return (
    `${layer} has one output, which is the highest whatever the image is, so nothing was changed; ` +
    "take a network with two classes or more, or render to raise the one output"
  );
}

/** Index of the class that an objective consists of. */
function wantedClass(network: Network, spec: string): number {
  const { terms } = parseObjective(spec, network);
  const [term] = terms;
  const index = term && terms.length === 1 && term.weight > 0 ? classOf(term, network) : undefined;
  if (index !== undefined) return index;
  throw new InputError(`objective: expected the one class to be taken for, got ${shown(spec)}`, {
    remedy: classCount(network) > 0 ? "write class:NAME or class:I" : `${network.name} has no classes`,
  });
}

function best(network: Network, scores: readonly number[]): Scored {
  const index = scores.indexOf(Math.max(...scores));
  return { index, name: network.classes[index] ?? String(index), score: scores[index] as number };
}

/** Root mean square of the change, in RGB 0–1 units. */
function distance(a: Float32Array, b: Float32Array): number {
  const squares = a.reduce((sum, x, i) => sum + (x - (b[i] as number)) ** 2, 0);
  return Math.sqrt(squares / a.length);
}
