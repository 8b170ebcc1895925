/** The tensors of a checkpoint by name and shape, and the errors where they do not fit. */
import { WeightsError } from "../errors.ts";
import { formatShape } from "./safetensors.ts";

export type TensorShapes = ReadonlyMap<string, readonly number[]>;

export interface BatchNormTensors {
  /** γ; ones where it is missing. */
  readonly weight?: string;
  /** β; zeros where it is missing. */
  readonly bias?: string;
  readonly mean: string;
  readonly variance: string;
  /** ε; PyTorch's default where it is missing. */
  readonly epsilon?: number;
}

/** The tensors one layer is made of. A missing bias is zeros. Batch norm alone, without a weight, is a layer of its own. */
export interface LayerTensors {
  readonly weight?: string;
  readonly bias?: string;
  readonly batchNorm?: BatchNormTensors;
}

export const REMEDY = "expected a VGG checkpoint with torchvision or timm names, weights in OIHW order";

export function requireTensor(
  tensors: TensorShapes,
  layer: string,
  name: string,
  used: Set<string>,
): readonly number[] {
  const shape = tensors.get(name);
  if (shape === undefined) throw new WeightsError(`${layer}: tensor ${name} is missing`, { remedy: REMEDY });
  used.add(name);
  return shape;
}

export function requireVector(
  tensors: TensorShapes,
  layer: string,
  name: string,
  length: number,
  used: Set<string>,
): void {
  const shape = requireTensor(tensors, layer, name, used);
  if (shape.length !== 1 || shape[0] !== length) throw mismatch(layer, name, `(${length})`, shape);
}

export function mismatch(
  layer: string,
  tensor: string,
  expected: string,
  got: readonly number[],
  remedy = REMEDY,
): WeightsError {
  return new WeightsError(`${layer} (${tensor}): weights expect ${expected}, got ${formatShape(got)}`, {
    remedy,
  });
}
