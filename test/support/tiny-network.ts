/** A network of one convolution of four channels and a head, made for a test. */
import { openModel } from "../../src/model/model.ts";
import type { Model } from "../../src/model/network.ts";
import { writeSafetensors } from "../../src/model/safetensors.ts";
import { bytesSource } from "../../src/model/source.ts";
import { noiseImage } from "../fixtures/hashing.ts";

export interface TinyParts {
  /** Added to every channel of the convolution; far below zero, no unit fires. */
  readonly bias?: number;
  /** Of every class, for every channel; noise if not said. */
  readonly head?: number;
  readonly classes?: number;
}

/** conv1_1 of four channels, relu1_1, avgpool and logits; RGB in 0–1 is what it sees. */
export async function tinyNetwork({ bias = 0, head, classes = 3 }: TinyParts = {}): Promise<Model> {
  const noise = (seed: number, shape: readonly number[]) => ({
    shape,
    data: noiseImage(seed, shape).map((x) => x - 0.5),
  });
  const bytes = writeSafetensors(
    {
      "features.0.weight": noise(1, [4, 3, 3, 3]),
      "features.0.bias": { shape: [4], data: new Float32Array(4).fill(bias) },
      "classifier.weight":
        head === undefined
          ? noise(2, [classes, 4])
          : { shape: [classes, 4], data: new Float32Array(4 * classes).fill(head) },
      "classifier.bias": { shape: [classes], data: new Float32Array(classes) },
    },
    { preprocess: "unit" },
  );
  return openModel(bytesSource("tiny", bytes));
}
