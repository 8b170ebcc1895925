/** The fully connected end of a checkpoint, in torchvision's or timm's names. */
import { WeightsError } from "../errors.ts";
import type { LinearLayer } from "../nn/layers/linear.ts";
import { isNorm, readNorm } from "./batch-norm.ts";
import {
  type BatchNormTensors,
  type LayerTensors,
  mismatch,
  type NamedShapes,
  requireTensor,
  requireVector,
} from "./layer-tensors.ts";
import type { Layer } from "./network.ts";
import { type Activation, activationLayer } from "./said-layers.ts";
import { NETWORKS_THAT_OPEN } from "./unrunnable.ts";

interface FoundLinear {
  readonly tensors: LayerTensors;
  readonly normAfterActivation?: BatchNormTensors;
  readonly inputFeatures: number;
  readonly outputFeatures: number;
}

export interface Head {
  readonly linears: readonly FoundLinear[];
  /** False where timm's names tell that the last linear layer is missing. */
  readonly complete: boolean;
}

export function findHead(tensors: NamedShapes, used: Set<string>): Head {
  const timm = ["pre_logits.fc1", "pre_logits.fc2", "head.fc"].filter((base) =>
    tensors.has(`${base}.weight`),
  );
  const single = tensors.has("classifier.weight") ? ["classifier"] : [];
  const heads = [numberedBases(tensors), timm, single].filter((bases) => bases.length > 0);
  if (heads.length > 1) {
    throw new WeightsError(`two heads: ${heads.map((bases) => bases[0]).join(" and ")}`, {
      remedy: NETWORKS_THAT_OPEN,
    });
  }
  const bases = heads[0] ?? [];
  const complete = bases !== timm || timm.includes("head.fc");
  if (bases === timm) checkTimm(timm);
  const linears: FoundLinear[] = [];
  for (const [i, base] of bases.entries()) {
    const name = linearName(i, bases.length, complete);
    linears.push(readLinear(tensors, base, name, linears[i - 1]?.outputFeatures, used));
  }
  return { linears, complete };
}

/** `classifier.N`: batch norm, ReLU, and dropout if any, stand between two linear layers. */
function numberedBases(tensors: NamedShapes): readonly string[] {
  const indices = [...tensors.keys()]
    .map((name) => /^classifier\.(0|[1-9]\d{0,3})\.weight$/.exec(name)?.[1])
    .filter((index) => index !== undefined)
    .map(Number)
    .filter((index) => !isNorm(tensors, `classifier.${index}`))
    .sort((a, b) => a - b);
  for (const [i, index] of indices.entries()) {
    const previous = indices[i - 1];
    if (previous === undefined) continue;
    const norm = [...Array(index - previous).keys()].find((n) =>
      isNorm(tensors, `classifier.${previous + n}`),
    );
    const gap = index - previous - (norm === undefined ? 0 : 1);
    if (gap >= 2 && gap <= 4) continue;
    const problem = gap === 1 ? "no room for a ReLU between them" : "a linear layer between them is missing";
    throw new WeightsError(`classifier.${previous} and classifier.${index}: ${problem}`, {
      remedy: NETWORKS_THAT_OPEN,
    });
  }
  return indices.map((index) => `classifier.${index}`);
}

/** Batch norm right after a linear layer, `classifier.1` after `classifier.0`; or one module later, after its ReLU. */
function normAfter(
  tensors: NamedShapes,
  base: string,
  modules: 1 | 2,
  layer: string,
  outputs: number,
  used: Set<string>,
): BatchNormTensors | undefined {
  const index = /^classifier\.(\d+)$/.exec(base)?.[1];
  const next = `classifier.${Number(index) + modules}`;
  return index !== undefined && isNorm(tensors, next)
    ? readNorm(tensors, next, layer, outputs, used)
    : undefined;
}

/** timm's checkpoints have all three layers, or the last one alone, or the first ones. They skip none. */
function checkTimm(found: readonly string[]): void {
  const missing =
    found[0] === "pre_logits.fc2"
      ? "fc6: tensor pre_logits.fc1.weight"
      : found[0] === "pre_logits.fc1" && found[1] === "head.fc"
        ? "fc7: tensor pre_logits.fc2.weight"
        : undefined;
  if (missing !== undefined) throw new WeightsError(`${missing} is missing`, { remedy: NETWORKS_THAT_OPEN });
}

/** torchvision's `fc6 fc7 logits`; where the checkpoint stops before its last layer, `fc6 fc7`. */
function linearName(position: number, count: number, complete: boolean): string {
  return complete && position === count - 1 ? "logits" : `fc${6 + position}`;
}

function readLinear(
  tensors: NamedShapes,
  base: string,
  layer: string,
  expectedInput: number | undefined,
  used: Set<string>,
): FoundLinear {
  const weight = `${base}.weight`;
  const bias = `${base}.bias`;
  const shape = requireTensor(tensors, layer, weight, used);
  const [outputFeatures = 0, ...rest] = shape;
  const inputFeatures = rest.reduce((product, n) => product * n, 1);
  const isMatrix = shape.length === 2 || shape.length === 4;
  const transposed = tensors.get(bias)?.[0] === shape[1] && shape[1] !== shape[0];
  if (
    !isMatrix ||
    outputFeatures < 1 ||
    inputFeatures < 1 ||
    inputFeatures !== (expectedInput ?? inputFeatures)
  ) {
    const hint = transposed ? "the matrix looks transposed (Keras): store (outputs,inputs)" : undefined;
    throw mismatch(layer, tensors.original(weight), `(outputs,${expectedInput ?? "inputs"})`, shape, hint);
  }
  if (transposed) {
    throw mismatch(
      layer,
      tensors.original(weight),
      `(${shape[1]},${shape[0]})`,
      shape,
      "the matrix looks transposed (Keras)",
    );
  }
  const own = tensors.has(bias) ? { bias } : {};
  if (tensors.has(bias)) requireVector(tensors, layer, bias, outputFeatures, used);
  const batchNorm = normAfter(tensors, base, 1, layer, outputFeatures, used);
  const isLast = batchNorm !== undefined || layer === "logits";
  const second = isLast ? undefined : normAfter(tensors, base, 2, layer, outputFeatures, used);
  const all = { weight, ...own, ...(batchNorm === undefined ? {} : { batchNorm }) };
  const after = second === undefined ? {} : { normAfterActivation: second };
  return { tensors: all, ...after, inputFeatures, outputFeatures };
}

/** What stands between the last convolution's C channels and the head's inputs. */
export function headPooling(head: Head, channels: number): 1 | 7 | "flatten" {
  const { inputFeatures, tensors } = head.linears[0] as FoundLinear;
  if (inputFeatures === channels) return 1;
  if (inputFeatures === 49 * channels) return 7;
  if (inputFeatures % channels === 0) return "flatten";
  const layer = linearName(0, head.linears.length, head.complete);
  throw new WeightsError(
    `${layer} (${tensors.weight}): input features expect a multiple of the last convolution's ${channels} channels, got ${inputFeatures}`,
    { remedy: NETWORKS_THAT_OPEN },
  );
}

export function headLayers(
  head: Head,
  activation: Activation,
  bindings: Map<string, LayerTensors>,
): readonly Layer[] {
  return head.linears.flatMap((linear, i) => {
    const name = linearName(i, head.linears.length, head.complete);
    bindings.set(name, linear.tensors);
    const { inputFeatures, outputFeatures } = linear;
    const layer: LinearLayer = { kind: "linear", name, inputFeatures, outputFeatures };
    if (name === "logits") return [layer];
    const place = name.replace("fc", "");
    const active = [layer, activationLayer(activation, place)];
    if (linear.normAfterActivation === undefined) return active;
    const norm = `norm${place}`;
    bindings.set(norm, { batchNorm: linear.normAfterActivation });
    return [...active, { kind: "affine" as const, name: norm, channels: outputFeatures }];
  });
}
