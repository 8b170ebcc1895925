/** Images at a size other than the one they were optimised at, where the numbers optimised do not depend on it. */
import { InputError } from "../../errors.ts";
import { type Gpu, readBuffer } from "../../gpu/device.ts";
import { Executable } from "../../gpu/executable.ts";
import type { BufferSpec, Program, Sequence } from "../../gpu/program.ts";
import type { Model, Size } from "../../model/network.ts";
import { preprocessing } from "../../model/preprocess.ts";
import { coloursOf } from "../../nn/preprocess.ts";
import { paramOf } from "../../optvis/params/param.ts";
import type { Recipe } from "../../optvis/recipe.ts";
import { IMAGE } from "../plan/buffer-names.ts";
import { Allocation } from "../plan/memory.ts";
import { expectFits } from "./binding-limit.ts";

const VALUES = "values";

/**
 * @param values what the ascent optimised, (N,length): `Ascent.readValues`
 * @returns colours in 0–1 units, (N,C,H,W)
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
  const { program, show } = drawing(recipe, mean, size);
  for (const spec of program.buffers) expectFits(gpu, spec, { size, batch: recipe.batch });
  expectLength(values, program.buffers);
  const executable = await Executable.create(gpu, program);
  try {
    await executable.prepare(show);
    gpu.device.queue.writeBuffer(executable.buffer(VALUES) as GPUBuffer, 0, values);
    executable.submit(show, "draw");
    const image = new Float32Array(await readBuffer(gpu, executable.buffer(IMAGE) as GPUBuffer));
    const area = size[0] * size[1];
    return image.map((x, i) => x + (mean[Math.floor(i / area) % mean.length] as number));
  } finally {
    executable.dispose();
  }
}

/** Values to images, without a network. */
function drawing(
  { param: kind, batch }: Pick<Recipe, "param" | "batch">,
  mean: readonly number[],
  size: Size,
): { readonly program: Program; readonly show: Sequence } {
  const param = paramOf(kind);
  if (!param.draw) {
    throw new InputError(`an image of ${kind} parameters has the size it was optimised at`, {
      remedy: "use --param cppn, whose weights can be drawn at any size",
    });
  }
  const memory = new Allocation();
  const image = memory.buffer(IMAGE, "image", 4 * mean.length * batch * size[0] * size[1]);
  const values = memory.buffer(VALUES, "param", 4 * batch * param.length(size, coloursOf(mean)));
  const show = memory.record(param.draw({ batch, size, mean }, { values, image }, memory));
  return { program: memory.program(), show };
}

function expectLength(values: Float32Array, buffers: readonly BufferSpec[]): void {
  const expected = (buffers.find(({ name }) => name === VALUES)?.bytes ?? 0) / 4;
  if (values.length === expected) return;
  throw new InputError(`the images expect ${expected} parameters, got ${values.length}`, {
    remedy: "give what Ascent.readValues returns, with the recipe's batch",
  });
}
