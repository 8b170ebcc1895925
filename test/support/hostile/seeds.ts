/** Files that are right, small and of every kind, from which hostile ones are made. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { unzipSync } from "fflate";
import { openHdf5 } from "../../../src/model/hdf5/file.ts";
import { bytesSource } from "../../../src/model/source.ts";
import { checkpoint, featureShapes, withLinear } from "../../model/checkpoints.ts";
import type { KerasNet } from "./hdf5.ts";

const read = (name: string): Uint8Array => new Uint8Array(readFileSync(join("test/fixtures", name)));

export interface Seeds {
  readonly safetensors: Uint8Array;
  /** Those that PyTorch and NumPy wrote, by what `checkpoints.py` calls them. */
  readonly written: ReadonlyMap<string, Uint8Array>;
  readonly h5: readonly Uint8Array[];
  /** Members of a .keras file. */
  readonly keras: Readonly<Record<string, Uint8Array>>;
  readonly nets: readonly KerasNet[];
  readonly onnx: readonly Uint8Array[];
  /** Files of TensorFlow.js by name; `model.json` and `quantized.json` name the others. */
  readonly tensorflow: Readonly<Record<string, Uint8Array>>;
  /** Photographs by their kind. */
  readonly pictures: Readonly<Record<"png" | "jpeg" | "webp" | "avif", readonly Uint8Array[]>>;
}

interface WrittenFile {
  readonly name: string;
  /** In base64. */
  readonly file: string;
}

const H5 =
  "sequential.h5 packed.h5 keras3.weights.h5 channels-first.h5 nested.h5 branching.h5 plain.h5 plain-weights.h5 plain.weights.h5 weights.h5";
const TENSORFLOW =
  "model.json model-shard1of3.bin model-shard2of3.bin model-shard3of3.bin quantized.json quantized-shard1of1.bin";
const ONNX = "plain channels-last exported folded halves residual viewed";

/** Reads them once; the working folder is the project's. */
export async function readSeeds(): Promise<Seeds> {
  const shapes = featureShapes([4, "M", 5, "M"], true);
  const written = writtenIn("checkpoints.json");
  const photographs = writtenIn("pictures.json");
  const names = ["sequential.h5", "nested.h5", "plain.h5", "branching.h5"];
  return {
    safetensors: checkpoint(withLinear(shapes, "classifier", [3, 5]), {
      preprocess: "unit",
      classes: "a,b,c",
    }),
    written: new Map(written.map(({ name, bytes }) => [name, bytes])),
    h5: H5.split(" ").map((name) => read(`keras/${name}`)),
    keras: unzipSync(read("keras/functional.keras")),
    nets: await Promise.all(names.map((name) => netOf(read(`keras/${name}`)))),
    onnx: ONNX.split(" ").flatMap((name) => (name === "plain" ? [] : [read(`onnx/${name}.onnx`)])),
    tensorflow: Object.fromEntries(
      TENSORFLOW.split(" ").map((name) => [name, read(`tensorflow-js/${name}`)]),
    ),
    pictures: {
      png: named(photographs, /^png/),
      jpeg: named(photographs, /^jpeg/),
      webp: named(photographs, /^webp/),
      avif: named(writtenIn("avif.json"), /./),
    },
  };
}

function writtenIn(name: string): readonly { readonly name: string; readonly bytes: Uint8Array }[] {
  const files = JSON.parse(new TextDecoder().decode(read(name))) as readonly WrittenFile[];
  return files.map(({ name, file }) => ({ name, bytes: new Uint8Array(Buffer.from(file, "base64")) }));
}

const named = (files: ReturnType<typeof writtenIn>, names: RegExp): readonly Uint8Array[] =>
  files.filter(({ name }) => names.test(name)).map(({ bytes }) => bytes);

async function netOf(bytes: Uint8Array): Promise<KerasNet> {
  const file = await openHdf5(bytesSource("seed", bytes));
  const [config = "{}"] = (await file.texts("", "model_config")) ?? [];
  const names = (await file.texts("model_weights", "layer_names")) ?? [];
  const layers = await Promise.all(
    names.map(async (name) => {
      const group = `model_weights/${name}`;
      const weights = (await file.texts(group, "weight_names")) ?? [];
      const read = async (weight: string) => {
        const path = `${group}/${weight}`;
        return { name: weight, shape: file.datasets.get(path)?.shape ?? [], data: await file.read(path) };
      };
      return { name, weights: await Promise.all(weights.map(read)) };
    }),
  );
  return { config: JSON.parse(config) as unknown, layers };
}
