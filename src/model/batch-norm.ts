/** Batch norm among the tensors of a state dict. */
import { type BatchNormTensors, type NamedShapes, requireVector } from "./layer-tensors.ts";

/** Running statistics; a scale may be missing. */
export function isNorm(tensors: NamedShapes, base: string): boolean {
  return (tensors.get(`${base}.weight`)?.length ?? 1) === 1 && tensors.has(`${base}.running_mean`);
}

/** @param layer that it belongs to, for messages @returns undefined where there is none @throws WeightsError for half of one */
export function readNorm(
  tensors: NamedShapes,
  base: string,
  layer: string,
  channels: number,
  used: Set<string>,
): BatchNormTensors | undefined {
  const names = {
    weight: `${base}.weight`,
    bias: `${base}.bias`,
    mean: `${base}.running_mean`,
    variance: `${base}.running_var`,
  };
  const isVector = tensors.get(names.weight)?.length === 1;
  if (!isVector && !tensors.has(names.mean) && !tensors.has(names.variance)) return undefined;
  const { weight, bias, ...statistics } = names;
  // PyTorch's `affine=False` has neither, Keras' `scale` and `center` leave one out.
  const affine = { ...(tensors.has(weight) ? { weight } : {}), ...(tensors.has(bias) ? { bias } : {}) };
  for (const name of Object.values({ ...affine, ...statistics })) {
    requireVector(tensors, layer, name, channels, used);
  }
  // PyTorch's count of training batches is not needed.
  used.add(`${base}.num_batches_tracked`);
  return { ...affine, ...statistics, epsilon: tensors.epsilon };
}
