/** Copies checkpoint tensors, or the rows of them that a plan needs, to the plan's buffers. */
import { type Gpu, orLost } from "../../gpu/device.ts";
import type { Layer, LayerWeights, Model } from "../../model/network.ts";
import { findLayer } from "../../model/shapes.ts";
import type { Upload } from "../../nn/layer.ts";
import { layerKind } from "../../nn/registry.ts";

/** Reads each layer once, in order, so that no more than one layer's weights are held at a time. */
export async function uploadWeights(
  gpu: Gpu,
  uploads: readonly Upload[],
  model: Model,
  bufferOf: (name: string) => GPUBuffer | undefined,
): Promise<void> {
  const layers = byLayer(uploads);
  const wanted = [...layers].map(([name, ofLayer]) => ({
    layer: findLayer(model.network, name),
    rows: rowsOf(ofLayer),
    ofLayer,
  }));
  model.expect?.(wanted);
  for (const { layer, rows, ofLayer } of wanted) {
    const weights = await model.layerWeights(layer, rows);
    for (const upload of ofLayer) {
      const buffer = bufferOf(upload.buffer);
      if (buffer) await writeRows(gpu, buffer, upload, weights, layer);
    }
  }
}

async function writeRows(
  gpu: Gpu,
  buffer: GPUBuffer,
  { tensor, rows }: Upload,
  weights: LayerWeights,
  layer: Layer,
): Promise<void> {
  const data = weights[tensor] as Float32Array<ArrayBuffer>;
  if (!rows) return write(gpu, buffer, 0, data);
  const row = data.length / layerKind(layer).outputChannels(layer, 0);
  // Neighbouring rows go in one write.
  let first = 0;
  for (let i = 1; i <= rows.length; i++) {
    if (rows[i] === (rows[i - 1] as number) + 1) continue;
    const begin = (rows[first] as number) * row;
    await write(gpu, buffer, first * row, data.subarray(begin, begin + (i - first) * row));
    first = i;
  }
}

/** Copies of so many bytes are under way at once, in this process and in the GPU's. */
const PIECE_BYTES = 1 << 24;

/** In pieces, each waited for: a browser copies what is written three times before the GPU has it. @param at in numbers */
async function write(
  gpu: Gpu,
  buffer: GPUBuffer,
  at: number,
  data: Float32Array<ArrayBuffer>,
): Promise<void> {
  const { queue } = gpu.device;
  const piece = PIECE_BYTES / data.BYTES_PER_ELEMENT;
  for (let begin = 0; begin < data.length; begin += piece) {
    queue.writeBuffer(buffer, 4 * (at + begin), data, begin, Math.min(piece, data.length - begin));
    if (begin + piece < data.length) await orLost(gpu, queue.onSubmittedWorkDone());
  }
}

/** Outputs that the uploads of a layer need, in rising order; undefined where one of them needs all. */
function rowsOf(uploads: readonly Upload[]): readonly number[] | undefined {
  const rows = uploads.filter(({ tensor }) => tensor === "weight").map((upload) => upload.rows);
  if (!rows.every((some) => some !== undefined)) return undefined;
  return [...new Set(rows.flat())].sort((a, b) => a - b);
}

function byLayer(uploads: readonly Upload[]): Map<string, Upload[]> {
  const groups = new Map<string, Upload[]>();
  for (const upload of uploads) groups.set(upload.layer, [...(groups.get(upload.layer) ?? []), upload]);
  return groups;
}
