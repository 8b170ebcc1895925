/** Makes the plan of an ascent: its iterations at the whole size, and before them those at half of it. */
import { InputError, inputOf } from "../../errors.ts";
import { neededBuffers } from "../../gpu/program.ts";
import type { Network, Preprocess, Size } from "../../model/network.ts";
import { preprocessing } from "../../model/preprocess.ts";
import { imageChannels } from "../../model/shapes.ts";
import { coarseSize, enlarge } from "../../optvis/coarse.ts";
import type { Recipe } from "../../optvis/recipe.ts";
import { imageStatistics } from "../../optvis/standardize.ts";
import type { Objective } from "../../optvis/term.ts";
import { COARSE_IMAGE, IMAGE, STATISTICS } from "./buffer-names.ts";
import { convolutionPasses } from "./convolutions.ts";
import { clips, planStage, reachable } from "./iteration.ts";
import { Allocation } from "./memory.ts";
import type { CoarseStage, Plan, PlanOptions, Stage } from "./plan.ts";
import { deepestLayer } from "./steps.ts";

/**
 * Plans `recipe` on `network`.
 * @throws InputError where the image is too small for a layer or a transform, or a neuron lies outside its layer.
 */
export function planAscent(
  network: Network,
  preprocess: Preprocess,
  objective: Objective,
  recipe: Recipe,
  options: PlanOptions,
): Plan {
  const memory = new Allocation();
  const planAt = (image: string, at: Recipe) =>
    planStage({ network, preprocess, objective, image, recipe: at, options, memory });
  const { stage: whole, networks, entry, penalties } = planAt(IMAGE, recipe);
  const colours = imageChannels(network);
  const coarse = planCoarse(
    recipe,
    colours,
    whole,
    memory,
    (size) => planAt(COARSE_IMAGE, { ...recipe, size }).stage,
  );
  const { fast, exact, still, chosen } = networks;
  const [lasting, variant] = clips(recipe) ? [exact, chosen.exact] : [fast, chosen.fast];
  const value = [...entry.enterStill, ...still.forward, ...penalties.forward, ...entry.valueStill];
  const back = [...still.stillBackward, ...entry.leaveStill, ...penalties.backward];
  const parts = {
    ...{ coarse, whole, redirect: recipe.redirect },
    target: {
      dispatches: memory.record([...entry.enterPhoto, ...still.forward]),
      copies: still.targetShares,
    },
    show: whole.start.show,
    picture: planPicture(recipe, preprocess, memory),
    value: memory.record(value),
    gradient: memory.record([...value, ...back]),
  };
  const executed = clips(recipe) ? whole.exact : whole.fast;
  const program = memory.program();
  const { buffers, dispatches } = program;
  const plan = {
    ...program,
    network: network.name,
    size: recipe.size,
    inputSize: lasting.size,
    batch: recipe.batch,
    colours,
    values: whole.start.values,
    alpha: whole.start.alpha,
    depth: deepestLayer(network, objective),
    kept: lasting.steps.filter(({ kept }) => kept).map(({ layer }) => layer.name),
    uploads: memory.uploads(),
    packings: memory.packings(),
    ...parts,
    overflow: buffers.find(({ role }) => role === "overflow")?.name,
    convolutions: convolutionPasses(lasting.steps, variant),
    flops: 2 * lasting.flops,
    executedFlops: sum(
      [...executed.forward.valued, ...executed.backward].map((place) => dispatches[place]?.flops ?? 0),
    ),
  };
  const needed = neededBuffers(plan, reachable(plan, recipe));
  const lastingBuffers = buffers.filter(({ name, temporary }) => !temporary && needed.has(name));
  return { ...plan, bytes: sum(lastingBuffers.map(({ bytes }) => bytes)) };
}

/**
 * The iterations at half the size, each of which ends by enlarging its image to the resident one. Of pixels only: other
 * parameterizations have their own way to begin coarse.
 */
export function planCoarse(
  { batch, coarse, init, param, size: to }: Pick<Recipe, "batch" | "coarse" | "init" | "param" | "size">,
  colours: number,
  { start }: Stage,
  memory: Allocation,
  planAt: (size: Size) => Stage,
): CoarseStage | null {
  if (coarse === 0 || param !== "pixel") return null;
  const size = coarseSize(to);
  const plan = () =>
    inputOf("coarse, at half the size", "use a larger size, or begin at the whole size (coarse 0)", () =>
      planAt(size),
    );
  // An ascent from a photograph has no use for the stage, unless it is begun again from something else.
  const stage = init === "photo" ? unlessInputError(plan) : plan();
  if (!stage) return null;
  const { values, alpha } = stage.start;
  const enlarged = [
    enlarge({ planes: colours * batch, from: size, to }, { input: values, output: start.values }),
    ...(alpha && start.alpha
      ? [enlarge({ planes: batch, from: size, to }, { input: alpha, output: start.alpha })]
      : []),
  ];
  const show = [...memory.record(enlarged), ...start.show];
  return {
    ...stage,
    until: coarse,
    start: { ...stage.start, show: [...stage.start.show, ...show] },
    end: [...stage.end, ...show],
  };
}

function unlessInputError<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

/** Mean and gain of the resident images, where they are shown standardised. */
export function planPicture(
  { batch, size, standardize }: Pick<Recipe, "batch" | "size" | "standardize">,
  preprocess: Preprocess,
  memory: Allocation,
): number[] {
  if (!standardize) return [];
  const { mean } = preprocessing(preprocess);
  const statistics = memory.buffer(STATISTICS, "image", 8 * batch);
  return memory.record([imageStatistics({ batch, size, mean }, { image: IMAGE, statistics })]);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, n) => total + n, 0);
}
