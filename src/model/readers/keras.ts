/** Keras' HDF5 files as a checkpoint: whole networks, and weights alone. */
import { WeightsError } from "../../errors.ts";
import type { Checkpoint } from "../checkpoint.ts";
import { openHdf5 } from "../hdf5/file.ts";
import { kerasCheckpoint } from "../keras/checkpoint.ts";
import { parseModel } from "../keras/config.ts";
import { graphOfKeras } from "../keras/graph.ts";
import { readKeras2, readKeras3 } from "../keras/tensors.ts";
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
  return kerasCheckpoint(weights, format, tensors, graph, file.read, version?.[0]);
}
