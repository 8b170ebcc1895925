/**
 * One iteration of gradient ascent on the image, as Stanford's CS231n teaches it (after Simonyan et al. 2013):
 *
 *     1. initialize the image to zeros                                          start
 *     repeat:
 *     2. forward the image to compute the current scores                        forward, total
 *     3. backprop to get the gradient of the score with respect to the image    backward, decay
 *     4. make a small update to the image                                       update, end
 *
 * `planStage` plans the parts for images of one size. `iterationOf` puts together what one iteration runs.
 */
import type { Sequence } from "../../gpu/program.ts";
import type { Network, Preprocess } from "../../model/network.ts";
import { preprocessing } from "../../model/preprocess.ts";
import { imageChannels } from "../../model/shapes.ts";
import { coloursOf } from "../../nn/preprocess.ts";
import { advanceState } from "../../optvis/optimizers.ts";
import { type LiveField, liveFields, type Recipe } from "../../optvis/recipe.ts";
import { reduceTotal } from "../../optvis/reduce.ts";
import { expectRegularizers, l2Backward, l2Forward } from "../../optvis/regularizers.ts";
import type { Objective } from "../../optvis/term.ts";
import { GRADIENT, PARTIALS, RING, STATE, VALUES } from "./buffer-names.ts";
import { type Entry, planEntry } from "./entry.ts";
import type { Allocation } from "./memory.ts";
import { OPENING_ITERATIONS, planNetworks } from "./networks.ts";
import { type Penalties, planPenalties } from "./penalties.ts";
import type { Passes, Plan, PlanOptions, Stage } from "./plan.ts";
import type { NetworkPasses } from "./plan-network.ts";
import { planParts, planRegularizers, planStep } from "./update.ts";

export interface StageOptions {
  readonly network: Network;
  readonly preprocess: Preprocess;
  readonly objective: Objective;
  /** Name of the image's buffer. */
  readonly image: string;
  readonly recipe: Recipe;
  readonly options: PlanOptions;
  readonly memory: Allocation;
}

/** Plans everything between the image and the next one, at the recipe's size. */
export function planStage(options: StageOptions) {
  const { objective, preprocess, recipe, memory, image } = options;
  const { size } = recipe;
  const { mean } = preprocessing(preprocess);
  const terms = objective.terms.length;
  const networks = planNetworks(options);
  const penalties = planPenalties(image, objective, recipe, preprocess, memory);
  const record = (dispatches: Parameters<Allocation["record"]>[0]) => memory.record(dispatches);

  // 1. Initialize the image, from the numbers that are optimised.
  const buffers = planImage(options);
  const [colours, alpha] = planParts(recipe, mean, buffers, memory);
  const parts = alpha ? [colours, alpha] : [colours];
  const show = parts.flatMap(({ passes }) => passes.forward);
  const values = { values: colours.passes.values, alpha: alpha?.passes.values };

  // 2. Forward to the scores, and 3. back to the gradient of the image.
  const { fast, exact, still, transforms } = networks;
  const entry = planEntry(
    { recipe, preprocess, transforms, terms, image, window: fast.window, still },
    memory,
  );
  const passes = (network: NetworkPasses) => planPasses(network, entry, penalties, options);
  const quick = passes(fast);
  const score = planScore(options, buffers);

  // 4. Update the image, and count the step.
  const update = parts.flatMap((part) => [
    ...part.passes.backward,
    ...planStep({ recipe, terms }, part, mean, memory),
  ]);
  const { blurGradient, blur, clipNorm, clipContribution } = planRegularizers(
    recipe,
    coloursOf(mean),
    buffers,
    memory,
  );
  expectRegularizers(recipe);

  const stage: Stage = {
    start: { ...values, size, show: record(show) },
    ...{ fast: quick, exact: exact === fast ? quick : passes(exact), ...score },
    ...{ blurGradient: record(blurGradient), update: record(update), blur: record(blur) },
    ...{ clipNorm: record(clipNorm), clipContribution: record(clipContribution) },
    end: record([...show, advanceState(STATE)]),
  };
  return { stage, networks, entry, penalties };
}

function planImage({ image, network, recipe: { batch, size }, memory }: StageOptions) {
  const bytes = 4 * imageChannels(network) * batch * size[0] * size[1];
  memory.buffer(STATE, "optimizer", 16);
  memory.buffer(VALUES, "objective", 4 * RING * batch);
  return {
    image: memory.buffer(image, "image", bytes),
    gradient: memory.buffer(GRADIENT, "gradient", bytes),
  };
}

/** Variants that fuse differently leave the gradient in different buffers, so each has its own way out. */
function planPasses(
  network: NetworkPasses,
  entry: Entry,
  penalties: Penalties,
  { recipe, memory }: StageOptions,
): Passes {
  const forward = [...entry.enter, ...network.forward, ...penalties.forward];
  const without = new Set(network.valueOnly);
  const leave = [...entry.leave(network.inputGradient), ...penalties.backward];
  return {
    forward: {
      valued: memory.record(forward),
      unvalued: memory.record(forward.filter((dispatch) => !without.has(dispatch))),
    },
    backward: memory.record([...network.backward, ...leave]),
    redirected: recipe.redirect ? memory.record([...network.redirectedBackward, ...leave]) : [],
  };
}

/** The objective's value, without L2 and with it. */
function planScore(
  { objective, preprocess, recipe, memory }: StageOptions,
  { image, gradient }: { readonly image: string; readonly gradient: string },
): Pick<Stage, "total" | "decay"> {
  const { batch, l2, size } = recipe;
  const terms = objective.terms.length;
  const pre = preprocessing(preprocess);
  const decay = { batch, area: size[0] * size[1], l2, slot: terms };
  const totalOf = (slots: number) =>
    reduceTotal(
      "objective",
      { batch, firstSlot: 0, slots, ring: RING },
      { finished: PARTIALS, state: STATE, totals: VALUES },
    );
  const pull = l2Backward(decay, pre, { image, gradient });
  const whole = [l2Forward(decay, pre, { image, partials: PARTIALS }), pull, totalOf(terms + 1)];
  return {
    total: { valued: memory.record([totalOf(terms)]), unvalued: [] },
    decay: { valued: memory.record(whole), unvalued: memory.record([pull]) },
  };
}

/** What decides which parts of a stage an iteration runs, as it is now. */
export type Settings = Pick<Recipe, LiveField | "init">;

/** Parts of a stage that run only where a setting asks for them. */
type Optional = "decay" | "blurGradient" | "blur" | "clipNorm" | "clipContribution";

/**
 * What each live setting switches on: a part of the iteration, or nothing where it changes numbers of parts that run
 * anyway (the step's for `lr` and `decay`, the transforms' for `strength`).
 */
const SWITCHES: Readonly<Record<LiveField, Optional | null>> = {
  lr: null,
  strength: null,
  l2: "decay",
  decay: null,
  blur: "blur",
  blurEvery: "blur",
  blurGradient: "blurGradient",
  clipNorm: "clipNorm",
  clipContribution: "clipContribution",
};

/** Whether a part runs in iteration t: a Gaussian blur in those with t mod blurEvery = 0, others in all. */
function runs(part: Optional, t: number, settings: Settings): boolean {
  for (const field of liveFields) {
    if (SWITCHES[field] !== part) continue;
    if (field === "blurEvery" ? t % settings.blurEvery !== 0 : settings[field] === 0) return false;
  }
  return true;
}

/**
 * The dispatches of iteration t (from 0), in order.
 * @param valued whether the objective's value is asked for
 */
export function iterationOf(plan: Plan, t: number, settings: Settings, valued = true): number[] {
  const stage = stageAt(plan, t, settings.init);
  const { forward, backward, redirected } = isExact(t, settings) ? stage.exact : stage.fast;
  const how = valued ? "valued" : "unvalued";
  const asked = (part: Exclude<Optional, "decay">): Sequence => (runs(part, t, settings) ? stage[part] : []);
  return [
    ...forward[how],
    ...(plan.redirect && t < OPENING_ITERATIONS ? redirected : backward),
    ...(runs("decay", t, settings) ? stage.decay : stage.total)[how],
    ...asked("blurGradient"),
    ...stage.update,
    ...asked("blur"),
    ...asked("clipNorm"),
    ...asked("clipContribution"),
    ...stage.end,
  ];
}

/** The stage of iteration t. A photograph would lose its detail at half the size, so it begins at the whole one. */
export function stageAt(
  { coarse, whole }: Pick<Plan, "coarse" | "whole">,
  t: number,
  init: Recipe["init"],
): Stage {
  return coarse && init !== "photo" && t < coarse.until ? coarse : whole;
}

/**
 * Whether iteration t must be exact, since max-pools see ties: a start from zeros and clipped pixels are constant regions.
 * Of other starts the first iteration runs the few exact kernels too: it makes the first picture while others compile.
 */
function isExact(t: number, settings: Settings): boolean {
  return t < (settings.init === "zeros" ? OPENING_ITERATIONS : 1) || clips(settings);
}

export function clips({
  clipNorm,
  clipContribution,
}: Pick<Recipe, "clipNorm" | "clipContribution">): boolean {
  return clipNorm > 0 || clipContribution > 0;
}

/**
 * Everything that an ascent may run as its settings are. It holds the exact passes, so that clipping may be turned on; and
 * it leaves out the fast ones while pixels are clipped, which need weights and kernels of their own.
 */
export function reachable(plan: Omit<Plan, "bytes">, settings: Settings): number[] {
  const first = stageAt(plan, 0, settings.init);
  const stages = first === plan.whole ? [first] : [first, plan.whole];
  const { show, picture, target, gradient } = plan;
  const all = [
    first.start.show,
    show,
    picture,
    target.dispatches,
    gradient,
    ...stages.flatMap((stage) => partsOf(stage, settings)),
  ];
  return [...new Set(all.flat())];
}

function partsOf(stage: Stage, settings: Settings): Sequence[] {
  const { exact, fast, total, decay, blurGradient, update, blur, clipNorm, clipContribution, end } = stage;
  const quick = clips(settings) ? [] : [fast.forward.valued, fast.backward];
  // From zeros the redirected iterations are the exact ones.
  const redirected = clips(settings) || settings.init === "zeros" ? [] : [fast.redirected];
  return [
    ...[exact.forward.valued, exact.backward, exact.redirected, ...quick, ...redirected],
    ...[total.valued, decay.valued, blurGradient, update, blur, clipNorm, clipContribution, end],
  ];
}
