/** Tuning on a real device: what it leaves behind, what the next start makes of it, and that it stays in bounds. */

import type { TuningStorage } from "../../../src/engine/kernels/tuning-memory.ts";
import { candidates } from "../../../src/engine/kernels/variants.ts";
import { createAscent } from "../../../src/engine/run/ascent.ts";
import { type Gpu, requestGpu } from "../../../src/gpu/device.ts";
import { openModel } from "../../../src/model/model.ts";
import { variantOf } from "../../../src/nn/conv3x3.ts";
import { defaultRecipe } from "../../../src/optvis/recipe.ts";
import { randomNetwork } from "../../fixtures/random-network.ts";
import type { GpuCase } from "../../stacks/case.ts";
import { gpuOf } from "../../support/gpu.ts";

/** VGG-16 to its second convolution, small. */
const RECIPE = { ...defaultRecipe, objective: "channel:conv1_2:3", size: [19, 22] as const };

function heldIn(texts: Map<string, string>): TuningStorage {
  return {
    read: async (key) => texts.get(key),
    write: async (key, text) => void texts.set(key, text),
  };
}

export const cases: readonly GpuCase[] = [
  {
    name: "tuning: remembers every candidate, the next start takes the fastest, a run keeps its kernels",
    timeout: 300_000,
    async run(device) {
      const gpu = gpuOf(device);
      const model = await openModel(randomNetwork("vgg16", 1), { preprocess: "unit" });
      const texts = new Map<string, string>();
      const storage = heldIn(texts);
      const first = await createAscent(gpu, model, RECIPE, { tuning: { storage } });
      await first.step();
      const [kernels, bytes] = [first.kernels, gpu.allocatedBytes];
      const report = await first.tune(storage, { budgetMs: 1e6 });
      const expected = new Set(
        first.plan.convolutions.flatMap(({ pass, correlation }) =>
          candidates(device).map((variant) => `${pass} ${JSON.stringify(correlation)} ${variant}`),
        ),
      ).size;
      if (!report.complete || report.measured !== expected) {
        throw new Error(`measured ${JSON.stringify(report)}, expected ${expected}`);
      }
      if (gpu.allocatedBytes !== bytes) throw new Error("tuning left buffers behind");
      await first.step();
      if (first.kernels.join() !== kernels.join()) throw new Error("the run changed its kernels");
      if ((await first.tune(storage)).measured !== 0) throw new Error("measured again what it remembers");
      first.dispose();
      await expectFastest(gpu, model, texts, storage);
    },
  },
  {
    name: "tuning: goes by the clock on a device without timestamps",
    timeout: 300_000,
    async run(_device, _assets, webgpu) {
      const gpu = await requestGpu(webgpu, { withoutFeatures: ["timestamp-query"] });
      try {
        const model = await openModel(randomNetwork("vgg16", 1), { preprocess: "unit" });
        const texts = new Map<string, string>();
        const ascent = await createAscent(gpu, model, RECIPE);
        const { measured, ranMs } = await ascent.tune(heldIn(texts), { budgetMs: 1e-6 });
        const [record = "{}"] = texts.values();
        const [times = {}] = Object.values(JSON.parse(record) as Record<string, object>);
        const [time] = Object.values(times) as { milliseconds: number }[];
        const milliseconds = time?.milliseconds ?? 0;
        if (measured !== 1 || !(milliseconds > 0 && milliseconds < ranMs))
          throw new Error(`${measured} measured, ${milliseconds} of ${ranMs} ms`);
        ascent.dispose();
      } finally {
        gpu.dispose();
      }
    },
  },
  {
    name: "tuning: stops when its time is up and goes on at the next start",
    timeout: 300_000,
    async run(device) {
      const gpu = gpuOf(device);
      const model = await openModel(randomNetwork("vgg16", 1), { preprocess: "unit" });
      const storage = heldIn(new Map());
      const ascent = await createAscent(gpu, model, RECIPE);
      const first = await ascent.tune(storage, { budgetMs: 1e-6 });
      if (first.measured !== 1 || first.complete) throw new Error(JSON.stringify(first));
      const second = await ascent.tune(storage, { budgetMs: 1e-6 });
      if (second.measured !== 1) throw new Error(JSON.stringify(second));
      ascent.dispose();
    },
  },
];

/** Makes another variant than the default the fastest on record, and looks at what is taken then. */
async function expectFastest(
  gpu: Gpu,
  model: Awaited<ReturnType<typeof openModel>>,
  texts: Map<string, string>,
  storage: TuningStorage,
): Promise<void> {
  const [[key, text] = ["", "{}"]] = [...texts];
  const record = JSON.parse(text) as Record<string, Record<string, { milliseconds: number }>>;
  for (const times of Object.values(record)) {
    for (const [variant, timing] of Object.entries(times))
      timing.milliseconds = variant === "workgroup" ? 1 : 2;
  }
  texts.set(key, JSON.stringify(record));
  const tuned = await createAscent(gpu, model, RECIPE, { tuning: { storage } });
  for (const { layer, pass, variant } of tuned.plan.convolutions) {
    const wanted = candidates(gpu.device).includes("workgroup") ? "workgroup" : variant;
    if (variant !== wanted) throw new Error(`${layer} ${pass} runs ${variant}, not ${wanted}`);
    if (variantOf(variant).precision === "f16") throw new Error("half precision was not allowed");
  }
  tuned.dispose();
  const pinned = await createAscent(gpu, model, RECIPE, { tuning: { storage }, kernels: "plain" });
  if (pinned.plan.convolutions.some(({ variant }) => variant !== "plain"))
    throw new Error("pins were overruled");
  pinned.dispose();
}
