/** Copies checkpoint tensors, or the rows of them that a plan needs, to the plan's buffers. */
import type { Gpu } from "../../gpu/device.ts";
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
      if (buffer) writeRows(gpu, buffer, upload, weights, layer);
    }
  }
}

function writeRows(
  gpu: Gpu,
  buffer: GPUBuffer,
  { tensor, rows }: Upload,
  weights: LayerWeights,
  layer: Layer,
): void {
  const data = weights[tensor] as Float32Array<ArrayBuffer>;
  const { queue } = gpu.device;
  if (!rows) {
    queue.writeBuffer(buffer, 0, data);
    return;
  }
  const row = data.length / layerKind(layer).outputChannels(layer, 0);
  // Neighbouring rows go in one write.
  let first = 0;
  for (let i = 1; i <= rows.length; i++) {
    if (rows[i] === (rows[i - 1] as number) + 1) continue;
    const begin = (rows[first] as number) * row;
    queue.writeBuffer(buffer, 4 * first * row, data, begin, (i - first) * row);
    first = i;
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
