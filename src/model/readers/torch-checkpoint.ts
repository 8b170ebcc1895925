/** A checkpoint of what a pickle held, wherever the bytes of its storages lie. */
import type { Checkpoint } from "../checkpoint.ts";
import type { ByteSource } from "../source.ts";
import type { PickleValue } from "./pickle.ts";
import { torchGraph } from "./torch-graph.ts";
import { type ReadStorage, readTorchTensor, torchMetadata, torchTensors } from "./torch-tensors.ts";

/** @throws WeightsError where it holds no tensors */
export function torchCheckpoint(
  source: ByteSource,
  root: PickleValue,
  read: ReadStorage,
  format = "PyTorch",
): Checkpoint {
  const tensors = torchTensors(source.name, root, read);
  const graph = torchGraph(root);
  return {
    name: source.name,
    format,
    tensors,
    metadata: torchMetadata(root),
    ...(graph === undefined ? {} : { graph }),
    read: (name) => readTorchTensor(source.name, tensors, name),
    readRows: (name, begin, end) => readTorchTensor(source.name, tensors, name, [begin, end]),
    close: () => source.close?.(),
  };
}
