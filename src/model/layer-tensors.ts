/** The tensors of a checkpoint by name and shape, and the errors where they do not fit. */
import { WeightsError } from "../errors.ts";
import { formatShape } from "./safetensors.ts";
import { NETWORKS_THAT_OPEN } from "./unrunnable.ts";

export type TensorShapes = ReadonlyMap<string, readonly number[]>;

/** PyTorch's default ε of batch norm, which torchvision and timm keep. */
export const BATCH_NORM_EPSILON = 1e-5;

/** Tensors in torchvision's names, which messages call as the file does. */
export class NamedShapes extends Map<string, readonly number[]> {
  readonly original: (name: string) => string;
  /** Of all batch norms. */
  readonly epsilon: number;

  constructor(
    { shapes, original }: { readonly shapes: TensorShapes; original(name: string): string },
    epsilon = BATCH_NORM_EPSILON,
  ) {
    super(shapes);
    this.original = original;
    this.epsilon = epsilon;
  }
}

export interface BatchNormTensors {
  /** γ; ones where it is missing. */
  readonly weight?: string;
  /** β; zeros where it is missing. */
  readonly bias?: string;
  readonly mean: string;
  readonly variance: string;
  /** ε */
  readonly epsilon: number;
}

/** The tensors one layer is made of. A missing bias is zeros. Batch norm alone, without a weight, is a layer of its own. */
export interface LayerTensors {
  readonly weight?: string;
  readonly bias?: string;
  readonly batchNorm?: BatchNormTensors;
  /** Where the weight's inputs are a map that was flattened with its channels last: how many channels. */
  readonly lastChannels?: number;
}

export function usesBatchNorm(bindings: ReadonlyMap<string, LayerTensors>): boolean {
  return [...bindings.values()].some(({ batchNorm }) => batchNorm !== undefined);
}

export function requireTensor(
  tensors: TensorShapes & { readonly original?: NamedShapes["original"] },
  layer: string,
  name: string,
  used: Set<string>,
): readonly number[] {
  const shape = tensors.get(name);
  if (shape === undefined)
    throw new WeightsError(`${layer}: tensor ${tensors.original?.(name) ?? name} is missing`, {
      remedy: NETWORKS_THAT_OPEN,
    });
  used.add(name);
  return shape;
}

export function requireVector(
  tensors: TensorShapes & { readonly original?: NamedShapes["original"] },
  layer: string,
  name: string,
  length: number,
  used: Set<string>,
): void {
  const shape = requireTensor(tensors, layer, name, used);
  if (shape.length !== 1 || shape[0] !== length)
    throw mismatch(layer, tensors.original?.(name) ?? name, `(${length})`, shape);
}

export function mismatch(
  layer: string,
  tensor: string,
  expected: string,
  got: readonly number[],
  remedy = NETWORKS_THAT_OPEN,
): WeightsError {
  return new WeightsError(`${layer} (${tensor}): weights expect ${expected}, got ${formatShape(got)}`, {
    remedy,
  });
}
