import { type Checkpoint, type Convention, missing } from "../checkpoint.ts";
import { preprocessOf } from "../scaling.ts";
import type { ByteSource } from "../source.ts";
import { readAlone } from "./alone.ts";
import { BATCH_NORM_EPSILON, type KerasGraph } from "./graph.ts";
import { type KerasTensors, turnedShape, turnNumbers, turnOf } from "./tensors.ts";

/** Of weights alone. */
function conventionOf(tensors: KerasTensors): Convention {
  return {
    framework: "Keras",
    epsilon: BATCH_NORM_EPSILON,
    flatten: "hwc",
    named() {
      const { layers, complete } = tensors.listed();
      return readAlone(layers, complete);
    },
  };
}

/** @param read the numbers at a tensor's path, as the file has them */
export function kerasCheckpoint(
  source: ByteSource,
  format: string,
  tensors: KerasTensors,
  graph: KerasGraph | undefined,
  read: (path: string) => Promise<Float32Array<ArrayBuffer>>,
  version: string | undefined,
): Checkpoint {
  const byName = new Map(tensors.all.map((tensor) => [tensor.name, tensor]));
  const metadata: [string, string][] = [];
  if (version !== undefined) metadata.push(["keras_version", version.slice(0, 40)]);
  if (graph?.scaling !== undefined) metadata.push(["preprocess", preprocessOf(graph.scaling, 1)]);
  const { height, width } = graph?.input ?? {};
  if (height !== undefined && height === width) metadata.push(["input_size", String(height)]);
  return {
    name: source.name,
    format,
    tensors: new Map([...byName].map(([name, tensor]) => [name, turnedShape(tensor)])),
    metadata: Object.fromEntries(metadata),
    ...(graph === undefined ? { convention: conventionOf(tensors) } : { graph: graph.layers }),
    async read(name) {
      const tensor = byName.get(name);
      if (tensor === undefined) throw missing(source.name, name);
      const numbers = await read(tensor.path);
      return turnNumbers(numbers, tensor.stored, turnOf(tensor), graph?.flattened.get(tensor));
    },
    close: () => source.close?.(),
  };
}
