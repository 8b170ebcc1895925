/** `fool`: a photograph changed until the network takes it for something else. */

import { createAscent } from "../engine/run/ascent.ts";
import { InputError } from "../errors.ts";
import type { Gpu } from "../gpu/device.ts";
import { classCount } from "../model/labels.ts";
import type { Model, Network } from "../model/network.ts";
import { parseObjective } from "../optvis/objective.ts";
import { defaultRecipe } from "../optvis/recipe.ts";
import { classOf } from "../optvis/terms/neuron.ts";
import { onePhoto } from "./image.ts";
import type { FoolReport, Result, RunContext, Scored, Tensor } from "./report.ts";

export interface FoolOptions {
  /** A class: `class:goldfish`. */
  readonly objective: string;
  /** (1,3,H,W), RGB in 0–1 units. */
  readonly image: Tensor;
  /** Length of a step, ‖Δ‖₂ in RGB 0–1 units. */
  readonly lr?: number;
  /** Steps after which it gives up. */
  readonly iterations?: number;
}

/**
 * CS231n, assignment 3: steps of 1·g/‖g‖ on an input normalised by ImageNet's standard deviation, 0.226 of the
 * RGB range on average, up to 100 of them.
 */
export const foolDefaults = { lr: 0.226, iterations: 100 } as const;

/**
 * Steps of equal length up the gradient of the class's score, RGB kept in 0–1, until the class has the highest
 * score. The score is seen before each step, so the image has gone one step further than it had to.
 *
 * @returns tensor `image` (1,3,H,W)
 * @throws InputError if the objective is not one class
 */
export async function fool(
  gpu: Gpu,
  model: Model,
  options: FoolOptions,
  context: RunContext,
): Promise<Result<FoolReport>> {
  const { lr, iterations } = { ...foolDefaults, ...options };
  const size = onePhoto(options.image);
  const target = wantedClass(model.network, options.objective);
  const last = model.network.layers.at(-1)?.name ?? "";
  const recipe = {
    ...defaultRecipe,
    objective: options.objective,
    size,
    init: "photo" as const,
    optimizer: "normalized" as const,
    lr,
    clamp: true,
    redirect: false,
  };
  const photo = options.image.data;
  const ascent = await createAscent(gpu, model, recipe, {
    photo,
    first: "gradient",
    plan: { keep: last },
  });
  try {
    const seen = async () => [...(await ascent.readActivation(last))];
    await ascent.gradient();
    const before = best(model.network, await seen());
    const scores: number[] = [];
    let now = before;
    while (now.index !== target && ascent.iteration < iterations) {
      scores.push(...(await ascent.step()));
      now = best(model.network, await seen());
      context.onProgress?.(ascent.iteration);
    }
    const image = await ascent.readImage();
    const { objective } = await ascent.gradient();
    const after = best(model.network, await seen());
    const report: FoolReport = {
      runtime: context.runtime,
      adapter: gpu.adapterName,
      iterations: ascent.iteration,
      before,
      after,
      fooled: after.index === target,
      scores,
      objective: objective[0] as number,
      distance: distance(photo, image),
      kernels: ascent.kernels,
    };
    return { report, tensors: { image: { shape: options.image.shape, data: image } } };
  } finally {
    ascent.dispose();
  }
}

/** Index of the class that an objective consists of. */
function wantedClass(network: Network, spec: string): number {
  const { terms } = parseObjective(spec, network);
  const [term] = terms;
  const index = term && terms.length === 1 && term.weight > 0 ? classOf(term, network) : undefined;
  if (index !== undefined) return index;
  throw new InputError(`objective: expected the one class to be taken for, got ${JSON.stringify(spec)}`, {
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
