/** TensorFlow.js on its WebGPU backend: its own automatic differentiation, op by op. */
import * as tf from "@tensorflow/tfjs";
import "@tensorflow/tfjs-backend-webgpu";
import { CHANNEL, type Contender, type ConvWork, EPSILON, LEARNING_RATE, type Work } from "./work.ts";

export async function create(work: Work): Promise<Contender> {
  if (!(await tf.setBackend("webgpu"))) throw new Error("TensorFlow.js did not take its WebGPU backend");
  await tf.ready();
  if (tf.getBackend() !== "webgpu") throw new Error(`TensorFlow.js fell back to ${tf.getBackend()}`);
  const { size } = work;
  const gradientOf = tf.grad(objective(work));
  const start = tf.tensor4d(channelsLast(work.image, size), [1, size, size, 3]);
  let image: tf.Tensor = start.clone();
  const step = () =>
    tf.tidy(() => {
      const gradient = gradientOf(image);
      const rms = tf.sqrt(tf.mean(tf.square(gradient)));
      return tf.add(image, tf.mul(gradient, tf.div(LEARNING_RATE, tf.add(rms, EPSILON))));
    });
  return {
    version: tf.version["tfjs"],
    async iterate(count) {
      for (let i = 0; i < count; i++) {
        const next = step();
        image.dispose();
        image = next;
      }
      const one = tf.slice(image, [0, 0, 0, 0], [1, 1, 1, 1]);
      await one.data();
      one.dispose();
    },
    async gradient() {
      const gradient = tf.tidy(() => gradientOf(start));
      return channelsFirst((await gradient.data()) as Float32Array, size);
    },
  };
}

function objective({ layers, targetSize }: Work): (x: tf.Tensor) => tf.Tensor {
  const network = layers.map((layer) =>
    layer.kind === "pool"
      ? undefined
      : {
          filter: tf.tensor4d(filterOf(layer), [3, 3, layer.inputChannels, layer.outputChannels]),
          bias: tf.tensor1d(layer.bias),
        },
  );
  return (image) => {
    let x = image as tf.Tensor4D;
    for (const layer of network) {
      x = layer
        ? tf.relu(tf.add<tf.Tensor4D>(tf.conv2d(x, layer.filter, 1, "same"), layer.bias))
        : tf.maxPool(x, 2, 2, "valid");
    }
    return tf.mean(tf.slice(x, [0, 0, 0, CHANNEL], [1, targetSize, targetSize, 1]));
  };
}

/** (K,C,3,3) → (3,3,C,K) */
function filterOf({ weight, inputChannels, outputChannels }: ConvWork): Float32Array {
  const out = new Float32Array(weight.length);
  for (let k = 0; k < outputChannels; k++) {
    for (let c = 0; c < inputChannels; c++) {
      for (let tap = 0; tap < 9; tap++) {
        out[(tap * inputChannels + c) * outputChannels + k] = weight[
          (k * inputChannels + c) * 9 + tap
        ] as number;
      }
    }
  }
  return out;
}

function channelsLast(x: Float32Array, size: number): Float32Array {
  const area = size * size;
  return x.map((_, i) => x[(i % 3) * area + Math.floor(i / 3)] as number);
}

function channelsFirst(x: Float32Array, size: number): Float32Array {
  const area = size * size;
  return x.map((_, i) => x[(i % area) * 3 + Math.floor(i / area)] as number);
}
