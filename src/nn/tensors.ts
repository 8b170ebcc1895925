/** The buffers of a layer's weight and bias, as the checkpoint has them. */
import type { PlannedLayer } from "./layer.ts";

/** Asks for the rows of a tensor that are computed. @param numbers in all of them */
export function tensorOf(
  { layer, rows, memory }: PlannedLayer,
  tensor: "weight" | "bias",
  numbers: number,
): string {
  const buffer = memory.buffer(`${layer.name}.${tensor}`, "weights", 4 * numbers);
  memory.upload({ buffer, layer: layer.name, tensor, rows });
  return buffer;
}

export function biasOf(at: PlannedLayer): string {
  return tensorOf(at, "bias", at.output.channels);
}
