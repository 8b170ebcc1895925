/** safetensors as a checkpoint. The format itself is read by `../safetensors.ts`, which the worker speaks too. */
import type { Checkpoint } from "../checkpoint.ts";
import { readHeader, readTensor } from "../safetensors.ts";
import type { ByteSource } from "../source.ts";

/** @throws WeightsError naming the tensor, what was expected and what is there */
export async function open(source: ByteSource): Promise<Checkpoint> {
  const header = await readHeader(source);
  return {
    name: source.name,
    format: "safetensors",
    tensors: new Map([...header.tensors].map(([name, { shape, dtype }]) => [name, { shape, type: dtype }])),
    metadata: header.metadata,
    read: async (name) => (await readTensor(source, header, name)).data,
    readRows: async (name, begin, end) => (await readTensor(source, header, name, [begin, end])).data,
    close: () => source.close?.(),
  };
}
