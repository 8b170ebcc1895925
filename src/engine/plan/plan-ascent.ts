/** Makes the plan of an ascent: its iterations at the whole size, and before them those at half of it. */
import { inputOf } from "../../errors.ts";
import type { Network, Preprocess } from "../../model/network.ts";
import { coarseSize, enlarge } from "../../optvis/coarse.ts";
import type { Recipe } from "../../optvis/recipe.ts";
import type { Objective } from "../../optvis/term.ts";
import { convolutionPasses } from "./convolutions.ts";
import { COARSE_IMAGE, IMAGE, type ImagePlan } from "./image.ts";
import { Allocation } from "./memory.ts";
import type { Phase, Plan, PlanOptions } from "./plan.ts";
import { planStage } from "./plan-stage.ts";
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
  const { moved, fast, still, image, penalties, phases } = planAt(IMAGE, recipe);
  const coarse = planCoarse(recipe, image, planAt);
  const begun = coarse?.phases.at(-1)?.until ?? 0;
  const lasting = phases.at(-1) as Phase;
  const value = [...image.enterStill, ...still.forward, ...penalties.forward, ...image.valueStill];
  const buffers = memory.buffers();
  return {
    network: network.name,
    size: recipe.size,
    inputSize: moved.size,
    batch: recipe.batch,
    values: image.values,
    alpha: image.alpha,
    depth: deepestLayer(network, objective),
    kept: moved.steps.filter(({ kept }) => kept).map(({ layer }) => layer.name),
    buffers,
    uploads: memory.uploads(),
    tables: memory.tables(),
    setup: memory.setup(),
    phases: [...(coarse?.phases ?? []), ...phases.filter(({ until }) => until > begun)],
    start: coarse?.start ?? { values: image.values, alpha: image.alpha, size: recipe.size, show: image.show },
    show: image.show,
    overflow: buffers.find(({ role }) => role === "overflow")?.name,
    convolutions: convolutionPasses(moved.steps, fast),
    capture: { dispatches: [...image.enterPhoto, ...still.forward], copies: still.captures },
    picture: image.picture,
    value,
    gradient: [...value, ...still.stillBackward, ...image.leaveStill, ...penalties.backward],
    flops: 2 * moved.flops,
    executedFlops: sum([...lasting.forward, ...lasting.backward].map((dispatch) => dispatch.flops)),
    bytes: sum(buffers.filter((buffer) => !buffer.temporary).map((buffer) => buffer.bytes)),
  };
}

/**
 * The iterations at half the size, each of which ends by enlarging its image to the resident one. Of pixels only:
 * other parameterizations have their own way to begin coarse; and not from a photograph, whose detail would be lost.
 */
function planCoarse(
  recipe: Recipe,
  whole: ImagePlan,
  planAt: (image: string, recipe: Recipe) => { readonly phases: readonly Phase[]; readonly image: ImagePlan },
): Pick<Plan, "phases" | "start"> | undefined {
  const { batch, coarse, init, param, size: to } = recipe;
  if (coarse === 0 || param !== "pixel" || init === "photo") return undefined;
  const size = coarseSize(to);
  const { phases, image } = inputOf(
    "coarse, at half the size",
    "use a larger size, or begin at the whole size (coarse 0)",
    () => planAt(COARSE_IMAGE, { ...recipe, size }),
  );
  const { values, alpha } = image;
  const show = [
    enlarge({ planes: 3 * batch, from: size, to }, { input: values, output: whole.values }),
    ...(alpha && whole.alpha
      ? [enlarge({ planes: batch, from: size, to }, { input: alpha, output: whole.alpha })]
      : []),
    ...whole.show,
  ];
  const last = phases.findIndex(({ until }) => until >= coarse);
  const cut = phases.slice(0, last + 1).map((phase) => ({
    ...phase,
    until: Math.min(phase.until, coarse),
    end: [...phase.end, ...show],
  }));
  return { phases: cut, start: { values, alpha, size, show: [...image.show, ...show] } };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, n) => total + n, 0);
}
