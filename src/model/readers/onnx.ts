import type { Beside } from "../beside.ts";
import { type Checkpoint, missing } from "../checkpoint.ts";
import { chainOf } from "../onnx/chain.ts";
import { ExternalFiles } from "../onnx/external.ts";
import { readModelProto } from "../onnx/graph.ts";
import type { Presented } from "../onnx/layers.ts";
import { readNumbers } from "../onnx/tensors.ts";
import { Wire } from "../onnx/wire.ts";
import type { ByteSource } from "../source.ts";

/** @throws WeightsError */
export async function open(source: ByteSource, beside: Beside): Promise<Checkpoint> {
  const files = { source, wire: new Wire(source), external: new ExternalFiles(source.name, beside) };
  const graph = await readModelProto(files.wire, source.size);
  const { layers, presented, preprocess } = await chainOf(files, graph);
  const { constants, metadata } = graph;
  // That the weights are there is told at once, and not by the first layer that is drawn.
  const elsewhere = [...constants.values()].find((tensor) => tensor.elsewhere)?.elsewhere;
  if (elsewhere) await files.external.open(elsewhere.file);
  const tensors = [...constants.values()].map(
    ({ name, type, shape }) => [name, { type, shape: presented.get(name)?.shape ?? shape }] as const,
  );
  return {
    name: source.name,
    format: "ONNX",
    tensors: new Map(tensors),
    metadata: { ...(preprocess === undefined ? {} : { preprocess }), ...metadata },
    graph: layers,
    async read(name) {
      const tensor = constants.get(name);
      if (tensor === undefined) throw missing(source.name, name);
      return turned(await readNumbers(files, tensor), tensor.shape, presented.get(name));
    },
    close() {
      source.close?.();
      files.external.close();
    },
  };
}

/** A matrix as (outputs, inputs), inputs channel by channel. */
function turned(
  from: Float32Array<ArrayBuffer>,
  stored: readonly number[],
  presented: Presented | undefined,
): Float32Array<ArrayBuffer> {
  const { transposed = false, channelsLast } = presented ?? {};
  if (from.length === 0 || (!transposed && channelsLast === undefined)) return from;
  const [outputs = 0, inputs = 0] = presented?.shape ?? stored;
  const channels = channelsLast ?? 1;
  const positions = channelsLast === undefined ? 1 : Math.floor(inputs / channels);
  const to = new Float32Array(from.length);
  for (let output = 0; output < outputs; output++) {
    for (let i = 0; i < inputs; i++) {
      const input = channelsLast === undefined ? i : (i % channels) * positions + Math.floor(i / channels);
      to[output * inputs + input] = from[transposed ? i * outputs + output : output * inputs + i] as number;
    }
  }
  return to;
}
