/** Checkpoints: an ascent that goes on from one reaches the bits of the ascent that it was taken of. */
import { type Ascent, type Checkpoint, createAscent } from "../../../src/engine/run/ascent.ts";
import { InputError } from "../../../src/errors.ts";
import { openModel } from "../../../src/model/model.ts";
import type { Model } from "../../../src/model/network.ts";
import { bytesSource } from "../../../src/model/source.ts";
import { defaultRecipe, type Recipe } from "../../../src/optvis/recipe.ts";
import type { Assets, GpuCase } from "../../stacks/case.ts";
import { gpuOf } from "../../support/gpu.ts";

const EMBEDDED = "weights/ascent-vgg.safetensors";

const PLAIN: Recipe = {
  ...defaultRecipe,
  ...{
    objective: "channel:conv2_1:3 - tv",
    size: [18, 14],
    batch: 2,
    init: "noise",
    seed: 7,
    iterations: 24,
  },
};

/** Everything that an ascent keeps from one iteration to the next: moments, opacity, a spectrum, half the size, chance. */
const RECIPES: Readonly<Record<string, Partial<Recipe>>> = {
  "pixels at half the size": { optimizer: "adam", lr: 0.02, coarse: 10, jitter: 3, blur: 0.5, blurEvery: 4 },
  "pixels clipped and clamped": {
    optimizer: "momentum",
    clipNorm: 20,
    clamp: true,
    decay: 0.01,
    init: "zeros",
  },
  "a transparent spectrum": {
    ...{ param: "fourier", alpha: true, optimizer: "nadam" },
    transforms: "pad:6,crop:3,scale:0.1,rotate:10,crop:2",
  },
  "a pyramid in common": { param: "laplacian", share: 4, optimizer: "rmsprop", l2: 1e-6 },
  "a small network": { param: "cppn", optimizer: "adam", lr: 0.005, init: "zeros" },
  "phases under a zoom": { param: "maco", optimizer: "nadam", transforms: "zoom:0.1,noise:0.08" },
};

/** Iterations at which a checkpoint is taken: the start, at half the size, at its end, and after a change by hand. */
const TAKEN = [0, 4, 10, 17];

async function finish(ascent: Ascent, until: number): Promise<string[]> {
  const values: string[] = [];
  const iterations = until - ascent.iteration;
  for await (const { objective } of ascent.run({ iterations, objective: true }))
    values.push(...(objective ?? []).map(String));
  return values;
}

async function goesOn(device: GPUDevice, assets: Assets, recipe: Recipe): Promise<void> {
  const gpu = gpuOf(device);
  const model = await openModel(bytesSource(EMBEDDED, await assets.read(EMBEDDED)));
  const taken = new Map<number, Checkpoint>();
  const ascent = await createAscent(gpu, model, { ...recipe, changes: "5:lr=0.03,20:weight0=0.5" });
  const objectives: string[] = [];
  for (const at of TAKEN) {
    objectives.push(...(await finish(ascent, at)));
    if (at === 17) ascent.set({ l2: 0.001 });
    taken.set(at, await ascent.checkpoint());
  }
  objectives.push(...(await finish(ascent, 24)));
  const end = { image: await ascent.readImage(), course: JSON.stringify(ascent.course()), objectives };
  const fresh = async () => createAscent(gpu, model, { ...recipe, changes: "none", lr: 0.5, seed: 1 });
  const untouched = await fresh();
  for (const [at, checkpoint] of taken) {
    // After `structuredClone`, as a worker or a database gives it back.
    await reaches(ascent, structuredClone(checkpoint), end, `${at}, the same ascent`);
    await reaches(untouched, checkpoint, end, `${at}, an ascent that went on before`);
  }
  const late = await fresh();
  await reaches(late, taken.get(17) as Checkpoint, end, "17, an ascent that did nothing before");
  for (const one of [ascent, untouched, late]) one.dispose();
}

interface End {
  readonly image: Float32Array;
  readonly course: string;
  readonly objectives: readonly string[];
}

async function reaches(ascent: Ascent, checkpoint: Checkpoint, end: End, what: string): Promise<void> {
  await ascent.restore(checkpoint);
  const { iteration } = checkpoint;
  if (ascent.iteration !== iteration) throw new Error(`from ${what}: it is at iteration ${ascent.iteration}`);
  const shown = await ascent.checkpoint();
  for (const [name, bytes] of checkpoint.buffers) {
    const found = shown.buffers.get(name);
    if (String(found) !== String(bytes)) throw new Error(`from ${what}: ${name} is not what it was`);
  }
  // What was set by hand at 17 is set again where the checkpoint was taken before.
  const values = await finish(ascent, Math.max(iteration, 17));
  if (iteration < 17) ascent.set({ l2: 0.001 });
  values.push(...(await finish(ascent, 24)));
  const image = await ascent.readImage();
  const differs = image.findIndex((value, i) => !Object.is(value, end.image[i]));
  if (differs >= 0)
    throw new Error(`from ${what}: image[${differs}] is ${image[differs]}, not ${end.image[differs]}`);
  if (values.join(";") !== end.objectives.slice(iteration).join(";"))
    throw new Error(`from ${what}: the objective is ${values}, not ${end.objectives.slice(iteration)}`);
  const course = JSON.stringify(ascent.course());
  if (course !== end.course) throw new Error(`from ${what}: the course is ${course}, not ${end.course}`);
}

/** A checkpoint of another recipe would be another picture without a word. */
async function refusesOthers(device: GPUDevice, assets: Assets): Promise<void> {
  const gpu = gpuOf(device);
  const model: Model = await openModel(bytesSource(EMBEDDED, await assets.read(EMBEDDED)));
  const ascent = await createAscent(gpu, model, PLAIN);
  await finish(ascent, 3);
  const checkpoint = await ascent.checkpoint();
  const others: readonly (readonly [Partial<Recipe>, RegExp])[] = [
    [
      { objective: "channel:conv2_1:4 - tv" },
      /of objective channel:conv2_1:3 - tv, and the ascent of channel:conv2_1:4/,
    ],
    [{ size: [14, 18] }, /of size 18,14, and the ascent of 14,18/],
    [{ optimizer: "adam" }, /of optimizer rms/],
    [{ jitter: 2 }, /of jitter 0/],
  ];
  for (const [change, message] of others) {
    const other = await createAscent(gpu, model, { ...PLAIN, ...change });
    await finish(other, 2);
    const before = await other.readImage();
    const refused = await other.restore(checkpoint).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (!(refused instanceof InputError && message.test(refused.message)))
      throw new Error(`${JSON.stringify(change)}: ${refused}`);
    if (String(await other.readImage()) !== String(before) || other.iteration !== 2)
      throw new Error(`${JSON.stringify(change)}: the ascent is not as it was`);
    other.dispose();
  }
  const cut = new Map([...checkpoint.buffers].map(([name, bytes]) => [name, bytes.slice(4)]));
  const refused = await ascent.restore({ ...checkpoint, buffers: cut }).catch((error: unknown) => error);
  if (!(refused instanceof InputError)) throw new Error(`a cut one: ${refused}`);
  ascent.dispose();
}

export const cases: readonly GpuCase[] = [
  ...Object.entries(RECIPES).map(
    ([name, recipe]): GpuCase => ({
      name: `goes on from checkpoints to the same bits: ${name}`,
      run: (device, assets) => goesOn(device, assets, { ...PLAIN, ...recipe }),
    }),
  ),
  { name: "refuses a checkpoint of another ascent, and stays as it was", run: refusesOthers },
];
