/** Images at a size other than the one they were optimised at, where the numbers optimised do not depend on it. */
import { InputError } from "../../errors.ts";
import { type Gpu, readBuffer } from "../../gpu/device.ts";
import type { Model, Size } from "../../model/network.ts";
import { preprocessing } from "../../model/preprocess.ts";
import { paramOf } from "../../optvis/params/param.ts";
import type { Recipe } from "../../optvis/recipe.ts";
import { IMAGE } from "../plan/image.ts";
import { Allocation } from "../plan/memory.ts";
import type { Plan } from "../plan/plan.ts";
import { Scheduler } from "./scheduler.ts";

const VALUES = "values";

/**
 * @param values what the ascent optimised, (N,length): `Ascent.readValues`
 * @returns RGB in 0–1 units, (N,3,H,W)
 * @throws InputError where the parameterization belongs to one size, or the size is too large for the device
 */
export async function drawAt(
  gpu: Gpu,
  model: Model,
  recipe: Pick<Recipe, "param" | "batch">,
  values: Float32Array<ArrayBuffer>,
  size: Size,
): Promise<Float32Array<ArrayBuffer>> {
  const { mean } = preprocessing(model.preprocess);
  const plan = planDrawing(model.network.name, recipe, mean, size);
  const scheduler = await Scheduler.create(gpu, plan, model);
  try {
    gpu.device.queue.writeBuffer(scheduler.buffer(VALUES), 0, values);
    await scheduler.prepare(plan.show);
    scheduler.submit(plan.show, "draw");
    const image = new Float32Array(await readBuffer(gpu, scheduler.buffer(IMAGE)));
    const area = size[0] * size[1];
    return image.map((x, i) => x + (mean[Math.floor(i / area) % 3] as number));
  } finally {
    scheduler.dispose();
  }
}

/** A plan without a network: values to images. */
function planDrawing(
  network: string,
  { param: kind, batch }: Pick<Recipe, "param" | "batch">,
  mean: readonly number[],
  size: Size,
): Plan {
  const param = paramOf(kind);
  if (!param.draw) {
    throw new InputError(`an image of ${kind} parameters has the size it was optimised at`, {
      remedy: "use --param cppn, whose weights can be drawn at any size",
    });
  }
  const memory = new Allocation();
  const image = memory.buffer(IMAGE, "image", 4 * 3 * batch * size[0] * size[1]);
  const values = memory.buffer(VALUES, "param", 4 * batch * param.length(size));
  const show = param.draw({ batch, size, mean }, { values, image }, memory);
  const buffers = memory.buffers();
  return {
    ...{ network, size, inputSize: size, batch, values, alpha: undefined, depth: "", kept: [] },
    ...{ buffers, uploads: [], tables: memory.tables(), setup: [], phases: [] },
    ...{
      start: { values, alpha: undefined, size, show },
      show,
      picture: [],
      value: show,
      gradient: show,
      capture: { dispatches: [], copies: [] },
    },
    ...{ overflow: undefined, convolutions: [], flops: 0, executedFlops: 0 },
    bytes: buffers.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}
