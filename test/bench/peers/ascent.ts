/** Ascent, from a build of its library. */
import { type Model, openModel } from "webgpu-ascent";
import { randomNetwork } from "../../fixtures/random-network.ts";
import type { Contender, Create } from "./work.ts";
import { CHANNEL, type ConvWork, LEARNING_RATE, SEED, type Work } from "./work.ts";

type Library = typeof import("webgpu-ascent");

/** @param library the build to measure: this one, or the one before a change */
export function createFrom(library: Library): Create {
  return (work) => create(library, work);
}

async function create({ createAscent, defaultRecipe, requestGpu }: Library, work: Work): Promise<Contender> {
  const gpu = await requestGpu(navigator.gpu);
  const ascent = await createAscent(
    gpu,
    await modelOf(work),
    {
      ...defaultRecipe,
      objective: `channel:${work.target}:${CHANNEL}`,
      size: [work.size, work.size],
      init: "photo",
      lr: LEARNING_RATE,
      redirect: false,
    },
    { photo: work.image },
  );
  return {
    version: "this build",
    async iterate(count) {
      // Seen once a second, as the others are seen once a block.
      for await (const _ of ascent.run({ iterations: count, frameMs: 1000 }));
    },
    gradient: async () => (await ascent.gradient(work.image)).gradient,
  };
}

/** The network with the weights that are in memory already, as the others get them. */
async function modelOf(work: Work): Promise<Model> {
  const model = await openModel(randomNetwork("vgg16", SEED), { preprocess: "unit" });
  const convolutions = work.layers.filter((layer): layer is ConvWork => layer.kind === "conv");
  const names = model.network.layers.filter(({ kind }) => kind === "conv").map(({ name }) => name);
  return {
    ...model,
    layerWeights: async ({ name }) => convolutions[names.indexOf(name)] as ConvWork,
  };
}
