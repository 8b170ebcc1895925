/** The bias of a layer with weights. */
import type { PlannedLayer } from "./layer.ts";

/** Asks for the buffer of the bias of the channels that are computed. */
export function biasOf({ layer, output, rows, memory }: PlannedLayer): string {
  const bias = memory.buffer(`${layer.name}.bias`, "weights", 4 * output.channels);
  memory.upload({ buffer: bias, layer: layer.name, tensor: "bias", rows });
  return bias;
}
