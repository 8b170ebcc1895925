/** Keras' HDF5 files as a checkpoint: whole networks, and weights alone. */
import { shown, WeightsError } from "../../errors.ts";
import type { Checkpoint, Convention } from "../checkpoint.ts";
import { openHdf5 } from "../hdf5/file.ts";
import { readAlone } from "../keras/alone.ts";
import { parseModel } from "../keras/config.ts";
import { BATCH_NORM_EPSILON, graphOfKeras, type KerasGraph } from "../keras/graph.ts";
import {
  type KerasTensors,
  readKeras2,
  readKeras3,
  turnedShape,
  turnNumbers,
  turnOf,
} from "../keras/tensors.ts";
import { preprocessOf } from "../scaling.ts";
import type { ByteSource } from "../source.ts";

/** Of `.h5` by Keras 1 to 3 and `.weights.h5`. @throws WeightsError */
export function open(source: ByteSource): Promise<Checkpoint> {
  return openKeras(source, "Keras HDF5", undefined);
}

/**
 * @param weights the HDF5 file
 * @param config of the model where it is not in that file
 */
export async function openKeras(
  weights: ByteSource,
  format: string,
  config: string | undefined,
): Promise<Checkpoint> {
  const { name: where } = weights;
  const file = await openHdf5(weights);
  const root = file.groups.has("model_weights") ? "model_weights" : "";
  const isKeras2 = (await file.texts(root, "layer_names")) ?? (await file.texts(root, "layer_names0"));
  const tensors = isKeras2 === undefined ? readKeras3(file) : await readKeras2(file, root);
  if (tensors.all.length === 0) {
    throw new WeightsError(
      `${where}: expected the weights of a Keras network, got an HDF5 file without any`,
      {
        remedy: "choose the file that model.save(…) or model.save_weights(…) wrote",
      },
    );
  }
  const text = config ?? (await file.texts("", "model_config"))?.[0];
  const graph = text === undefined ? undefined : graphOfKeras(parseModel(where, text), tensors);
  const version = (await file.texts("", "keras_version")) ?? (await file.texts(root, "keras_version"));
  return checkpoint(weights, format, tensors, graph, file.read, version?.[0]);
}

/** Of weights alone. */
function conventionOf(tensors: KerasTensors): Convention {
  return {
    library: "Keras",
    epsilon: BATCH_NORM_EPSILON,
    flatten: "hwc",
    named() {
      const { layers, complete } = tensors.listed();
      return readAlone(layers, complete);
    },
  };
}

function checkpoint(
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
  if (graph?.scaling !== undefined) metadata.push(["preprocess", preprocessOf(graph.scaling)]);
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
      if (tensor === undefined) throw new WeightsError(`${source.name}: tensor ${shown(name)} is missing`);
      const numbers = await read(tensor.path);
      return turnNumbers(numbers, tensor.stored, turnOf(tensor), graph?.flattened.get(tensor));
    },
    close: () => source.close?.(),
  };
}
