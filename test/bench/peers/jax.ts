/** jax-js: the gradient and the step compiled together by its `jit`. */
import { blockUntilReady, defaultDevice, grad, init, jit, lax, nn, numpy as np } from "@jax-js/jax";
import { type Contender, EPSILON, LEARNING_RATE, objectiveSeed, type Work } from "./work.ts";

export async function create(work: Work): Promise<Contender> {
  const devices = await init("webgpu");
  if (!devices.includes("webgpu")) throw new Error(`jax-js found ${devices.join(", ")}`);
  defaultDevice("webgpu");
  const { size, channels, targetSize } = work;
  const parameters = work.layers.flatMap((layer) =>
    layer.kind === "pool"
      ? []
      : [
          np.array(layer.weight).reshape([layer.outputChannels, layer.inputChannels, 3, 3]),
          np.array(layer.bias).reshape([layer.outputChannels, 1, 1]),
        ],
  );
  parameters.push(np.array(objectiveSeed(work)).reshape([1, channels, targetSize, targetSize]));
  // An array is consumed by the operation it is given to; `ref` keeps it.
  const references = () => parameters.map((parameter) => parameter.ref);
  const gradientOf = (image: np.Array, all: np.Array[]) => grad(objective(work))(image, all);
  const step = jit((image: np.Array, all: np.Array[]) => {
    const gradient = gradientOf(image.ref, all);
    const rms = np.sqrt(np.mean(gradient.ref.mul(gradient.ref)));
    return image.add(gradient.mul(np.array(LEARNING_RATE).div(rms.add(EPSILON))));
  });
  const compiledGradient = jit(gradientOf);
  const start = np.array(work.image).reshape([1, 3, size, size]);
  let image = start.ref;
  return {
    version: "0.1.25",
    async iterate(count) {
      for (let i = 0; i < count; i++) image = step(image, references());
      await blockUntilReady(image);
    },
    gradient: async () => (await compiledGradient(start.ref, references()).data()) as Float32Array,
  };
}

/**
 * The mean as a product with its seed, given as an argument: in jax-js 0.1.25 a compiled gradient of a
 * convolution is wrong where what comes back to it is a broadcast constant, as from `np.mean`.
 */
function objective({ layers }: Work): (image: np.Array, parameters: np.Array[]) => np.Array {
  return (image, parameters) => {
    let x = image;
    let next = 0;
    const take = () => parameters[next++] as np.Array;
    for (const layer of layers) {
      if (layer.kind === "pool") {
        x = lax.reduceWindow(x, (window: np.Array) => np.max(window), [2, 2], [2, 2]);
        continue;
      }
      const padding: [number, number][] = [
        [1, 1],
        [1, 1],
      ];
      x = nn.relu(lax.convGeneralDilated(x, take(), [1, 1], padding).add(take()));
    }
    return np.sum(x.mul(take()));
  };
}
