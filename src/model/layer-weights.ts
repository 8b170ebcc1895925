/** A layer's weights from a file: the parts that they are made of, and what becomes of them with batch norm folded in. */
import { WeightsError } from "../errors.ts";
import { layerKind } from "../nn/registry.ts";
import type { Checkpoint } from "./checkpoint.ts";
import type { LayerTensors } from "./layer-tensors.ts";
import type { Layer, LayerParts, LayerWeights, Part } from "./network.ts";
import { roomFor } from "./source.ts";

/** @param tensors by their names in the file */
export function partsOf(checkpoint: Checkpoint, layer: Layer, tensors: LayerTensors): LayerParts {
  const part = (name: string) =>
    ({
      name,
      read: () => readFinite(checkpoint, layer.name, name),
      ...(checkpoint.readRows && {
        readRows: (rows: readonly number[]) => readFinite(checkpoint, layer.name, name, rows),
      }),
    }) satisfies Part;
  const optional = <Key extends string>(key: Key, name: string | undefined): { readonly [k in Key]?: Part } =>
    (name === undefined ? {} : { [key]: part(name) }) as { readonly [k in Key]?: Part };
  const { weight, bias, batchNorm, lastChannels } = tensors;
  const turned =
    lastChannels === undefined ? {} : { weight: firstChannels(part(weight ?? ""), layer, lastChannels) };
  const own = { ...optional("weight", weight), ...optional("bias", bias), ...turned };
  if (batchNorm === undefined) return own;
  const norm = {
    ...optional("weight", batchNorm.weight),
    ...optional("bias", batchNorm.bias),
    mean: part(batchNorm.mean),
    variance: part(batchNorm.variance),
    epsilon: batchNorm.epsilon,
  };
  return { ...own, batchNorm: norm };
}

/** Rows whose inputs stand as height, width, channels, turned to channels, height, width; in place. */
function firstChannels({ name, read }: Part, layer: Layer, channels: number): Part {
  return {
    name,
    async read() {
      const weight = await read();
      const inputs = weight.length / layerKind(layer).outputChannels(layer, 0);
      const positions = inputs / channels;
      for (let begin = 0; begin < weight.length; begin += inputs) {
        const row = weight.slice(begin, begin + inputs);
        for (let p = 0, i = 0; p < positions; p++)
          for (let c = 0; c < channels; c++, i++) weight[begin + c * positions + p] = row[i] as number;
      }
      return weight;
    },
  };
}

/** @throws WeightsError where they are not finite, as they are or after batch norm is folded in */
export async function foldedWeights(
  layer: Layer,
  parts: LayerParts,
  rows?: readonly number[],
): Promise<LayerWeights> {
  const outputs = layerKind(layer).outputChannels(layer, 0);
  const vector = async (part: Part | undefined, otherwise: number) =>
    part === undefined ? new Float32Array(outputs).fill(otherwise) : await part.read();
  const some = rows !== undefined && rows.length < outputs ? parts.weight?.readRows?.(rows) : undefined;
  const weight = (await some) ?? (await vector(parts.weight, 1));
  const bias = await vector(parts.bias, 0);
  const { batchNorm } = parts;
  if (batchNorm === undefined) return { weight, bias };
  const folded = foldBatchNorm(weight, bias, {
    scale: await vector(batchNorm.weight, 1),
    shift: await vector(batchNorm.bias, 0),
    mean: await batchNorm.mean.read(),
    variance: await batchNorm.variance.read(),
    epsilon: batchNorm.epsilon,
  });
  const bad = [folded.weight, folded.bias].some((numbers) => firstNonFinite(numbers) !== undefined);
  if (!bad) return folded;
  throw new WeightsError(
    `${layer.name}: batch norm (${batchNorm.variance.name}) makes its weights NaN or infinite`,
    {
      remedy: "variances must not be negative; convert the checkpoint again",
    },
  );
}

interface BatchNorm {
  readonly scale: Float32Array;
  readonly shift: Float32Array;
  readonly mean: Float32Array;
  readonly variance: Float32Array;
  readonly epsilon: number;
}

/**
 * Batch norm at inference is affine, so it becomes part of the convolution before it (Ioffe & Szegedy 2015):
 * w′ = w·γ/√(σ²+ε), b′ = (b−μ)·γ/√(σ²+ε) + β, computed in float64 and rounded once.
 */
function foldBatchNorm(weight: Float32Array, bias: Float32Array, norm: BatchNorm): LayerWeights {
  const outputs = bias.length;
  const perOutput = weight.length / outputs;
  const foldedWeight = new Float32Array(weight.length);
  const foldedBias = new Float32Array(outputs);
  for (let k = 0; k < outputs; k++) {
    const gain = at(norm.scale, k) / Math.sqrt(at(norm.variance, k) + norm.epsilon);
    foldedBias[k] = (at(bias, k) - at(norm.mean, k)) * gain + at(norm.shift, k);
    for (let i = k * perOutput; i < (k + 1) * perOutput; i++) foldedWeight[i] = at(weight, i) * gain;
  }
  return { weight: foldedWeight, bias: foldedBias };
}

/** WGSL may assume that there is no NaN, so weights are checked here, before they reach the GPU. */
async function readFinite(
  checkpoint: Checkpoint,
  layer: string,
  name: string,
  rows?: readonly number[],
): Promise<Float32Array<ArrayBuffer>> {
  const data = rows === undefined ? await checkpoint.read(name) : await readSome(checkpoint, name, rows);
  const bad = firstNonFinite(data);
  if (bad === undefined) return data;
  const index = coordinates(bad, checkpoint.tensors.get(name)?.shape ?? []).join(",");
  throw new WeightsError(`${layer}: tensor ${name}[${index}] expects a finite number, got ${at(data, bad)}`, {
    remedy: "the checkpoint is damaged or its training diverged; use another",
  });
}

/** Neighbours are read at once. */
async function readSome(
  { tensors, read, readRows = read }: Checkpoint,
  name: string,
  rows: readonly number[],
): Promise<Float32Array<ArrayBuffer>> {
  const shape = tensors.get(name)?.shape ?? [];
  const data = new Float32Array(roomFor(name, 4 * shape.reduce((a, b) => a * b, 1)).buffer);
  const row = data.length / (shape[0] as number);
  let first = 0;
  for (let i = 1; i <= rows.length; i++) {
    if (rows[i] === (rows[i - 1] as number) + 1) continue;
    const begin = rows[first] as number;
    data.set(await readRows(name, begin, begin + i - first), begin * row);
    first = i;
  }
  return data;
}

function firstNonFinite(numbers: Float32Array): number | undefined {
  for (let i = 0; i < numbers.length; i++) if (!Number.isFinite(numbers[i])) return i;
  return undefined;
}

function coordinates(flat: number, shape: readonly number[]): readonly number[] {
  let rest = flat;
  return shape
    .toReversed()
    .map((n) => {
      const index = rest % n;
      rest = Math.floor(rest / n);
      return index;
    })
    .reverse();
}

function at(numbers: Float32Array, index: number): number {
  return numbers[index] as number;
}
