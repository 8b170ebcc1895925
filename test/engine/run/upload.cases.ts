/** Weights on their way to the GPU: what is larger than a piece arrives whole and in its order. */
import { uploadWeights } from "../../../src/engine/run/upload.ts";
import { readBuffer } from "../../../src/gpu/device.ts";
import type { Model, Network } from "../../../src/model/network.ts";
import type { GpuCase } from "../../stacks/case.ts";
import { expectExact } from "../../support/compare.ts";
import { gpuOf } from "../../support/gpu.ts";

const [OUTPUTS, INPUTS] = [5, 1_000_003];

async function arrives(device: GPUDevice): Promise<void> {
  const gpu = gpuOf(device);
  const layer = { kind: "linear", name: "logits", inputFeatures: INPUTS, outputFeatures: OUTPUTS } as const;
  const weight = Float32Array.from({ length: OUTPUTS * INPUTS }, (_, i) => (i * 7919) % 1_000_003);
  const network = { name: "one layer", classes: [], layers: [layer] } as unknown as Network;
  const model = {
    network,
    layerWeights: async () => ({ weight, bias: new Float32Array(OUTPUTS) }),
  } as unknown as Model;
  const rows = [1, 2, 3, 4, 0];
  const wanted = {
    whole: { rows: undefined, expected: weight },
    rows: { rows, expected: Float32Array.from([...weight.subarray(INPUTS), ...weight.subarray(0, INPUTS)]) },
  };
  for (const [name, { rows, expected }] of Object.entries(wanted)) {
    const usage = GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC | GPUBufferUsage.STORAGE;
    const buffer = device.createBuffer({ label: name, size: weight.byteLength, usage });
    const uploads = [{ buffer: name, layer: "logits", tensor: "weight", rows }] as const;
    await uploadWeights(gpu, uploads, model, () => buffer);
    expectExact(name, new Float32Array(await readBuffer(gpu, buffer)), expected);
    buffer.destroy();
  }
}

export const cases: readonly GpuCase[] = [
  { name: "weights of more than a piece are uploaded whole, and row by row", run: arrives },
];
