/** Every method of the registry runs on a tiny network and makes the tensors that its description promises. */
import type { Input, Subject } from "../../src/methods/method.ts";
import { type MethodName, methodNames, methods } from "../../src/methods/methods.ts";
import type { GpuReport, Tensor } from "../../src/methods/report.ts";
import { defaultRecipe } from "../../src/optvis/recipe.ts";
import { noiseImage } from "../fixtures/hashing.ts";
import type { GpuCase } from "../stacks/case.ts";
import { gpuOf } from "../support/gpu.ts";
import { tinyNetwork } from "../support/tiny-network.ts";

const SIZE = [13, 18] as const;
const LAYER = "relu1_1";

function images(count: number): { readonly image: Tensor } {
  const shape = [count, 3, ...SIZE];
  return { image: { shape, data: noiseImage(5, shape) } };
}

const RECIPE = { ...defaultRecipe, objective: "class:1", size: SIZE, iterations: 3 };

const INPUTS: Readonly<Record<Input, object>> = {
  network: {},
  images: images(2),
  recipe: { recipe: RECIPE },
  photograph: images(1),
  photographs: images(3),
  work: { recipe: RECIPE },
};

const SUBJECTS: Readonly<Record<Subject, object>> = {
  none: {},
  objective: { objective: "class:1" },
  class: { objective: "class:1" },
  layer: { layer: LAYER },
  "layer or objective": { objective: `layer:${LAYER}` },
  sought: { layer: LAYER, channel: 2 },
};

async function keepsItsWord(device: GPUDevice, name: MethodName): Promise<void> {
  const { input, subject, quick, makes, picture, summary, run } = methods[name];
  const options = { ...INPUTS[input], ...SUBJECTS[subject], ...quick };
  const result = await run(gpuOf(device), await tinyNetwork(), options);
  for (const [made, { shape, optional }] of Object.entries(makes)) {
    const tensor = result.tensors[made];
    if (!tensor && !optional) throw new Error(`there is no tensor ${made}`);
    if (tensor) expectShape(made, tensor, shape.slice(1, -1).split(","));
  }
  const excess = Object.keys(result.tensors).find((made) => !Object.hasOwn(makes, made));
  if (excess !== undefined) throw new Error(`nobody was told of a tensor ${excess}`);
  if (JSON.stringify(JSON.parse(JSON.stringify(result.report))) !== JSON.stringify(result.report))
    throw new Error("the report does not survive JSON");
  const { remarks } = result.report as Partial<GpuReport>;
  if (remarks) throw new Error(`it remarks ${remarks.join()}`);
  if (summary(result.report) === "") throw new Error("the summary says nothing");
  const drawn = picture?.draw(result, options);
  if (drawn && drawn.rgb.length !== 3 * drawn.size[0] * drawn.size[1])
    throw new Error(`a picture of ${drawn.size} has ${drawn.rgb.length} numbers`);
}

/** As many sides as described, numbers where numbers are, and as many elements. */
function expectShape(name: string, { shape, data }: Tensor, described: readonly string[]): void {
  const fits =
    shape.length === described.length &&
    described.every((side, i) => !/^\d+$/.test(side) || Number(side) === shape[i]);
  const count = shape.reduce((product, side) => product * side, 1);
  if (!fits || count !== data.length)
    throw new Error(`${name} is [${shape}] with ${data.length} numbers, described as [${described}]`);
}

export const cases: readonly GpuCase[] = methodNames.map((name) => ({
  name: `the method ${name} makes what its description says`,
  once: true,
  run: (device) => keepsItsWord(device, name),
}));
