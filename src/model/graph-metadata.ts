/**
 * The metadata `ascent.layers` of a .safetensors file: the network's layers in order of execution, as a JSON array of
 * objects. Each is a `GraphLayer` of checkpoint.ts. What is left out is as usual: stride 1 of a convolution, a pool of 2×2,
 * no padding, ε of 1e-5. Sides that are alike may be one number. It is this project's own way to say what names and shapes
 * do not.
 */
import { shown, WeightsError } from "../errors.ts";
import { parseBounded } from "./bounded-json.ts";
import type { Edges, GraphLayer, Pair } from "./checkpoint.ts";
import { BATCH_NORM_EPSILON, type TensorShapes } from "./layer-tensors.ts";
import type { Metadata } from "./metadata.ts";

export const LAYERS = "ascent.layers";

/** @returns undefined where the metadata says nothing. @throws WeightsError naming the layer and the field */
export function graphOfMetadata(metadata: Metadata, shapes: TensorShapes): readonly GraphLayer[] | undefined {
  const text = metadata[LAYERS];
  if (text === undefined) return undefined;
  let list: unknown;
  try {
    list = parseBounded(text);
  } catch {
    throw new WeightsError(`metadata ascent.layers expects JSON, got ${shown(text)}`);
  }
  if (!Array.isArray(list)) throw new WeightsError("metadata ascent.layers expects an array of layers");
  return list.map((given: unknown, i) => {
    const row = new Row(given, `metadata ascent.layers, layer ${i + 1}`);
    const layer = layerOf(row, shapes);
    row.expectNothingElse();
    return layer;
  });
}

const KINDS =
  "conv dense batchnorm relu leaky tanh sigmoid softmax maxpool avgpool globalavgpool adaptiveavgpool flatten dropout";

function layerOf(row: Row, shapes: TensorShapes): GraphLayer {
  const kind = row.text("kind");
  const name = row.optionalText("name") ?? "";
  switch (kind) {
    case "conv": {
      const weight = row.text("weight");
      const [, , height = 0, width = 0] = shapes.get(weight) ?? [];
      const kernel = [height, width] as const;
      const stride = row.pair("stride", 1);
      const padding = row.edges("padding");
      const dilation = row.pair("dilation", 1);
      const groups = row.number("groups", 1);
      return { kind, name, weight, ...row.bias(), kernel, stride, padding, dilation, groups };
    }
    case "dense":
      return { kind, name, weight: row.text("weight"), ...row.bias() };
    case "batchnorm": {
      const weight = row.optionalText("weight");
      const [mean, variance] = [row.text("mean"), row.text("variance")];
      const epsilon = row.number("epsilon", BATCH_NORM_EPSILON);
      const scale = weight === undefined ? {} : { weight };
      return { kind, name, ...scale, ...row.bias(), mean, variance, epsilon };
    }
    case "leaky":
      return { kind, name, slope: row.number("slope") };
    case "maxpool":
    case "avgpool": {
      const kernel = row.pair("kernel", 2);
      return { kind, name, kernel, stride: row.pair("stride", kernel), padding: row.edges("padding") };
    }
    case "adaptiveavgpool":
      return { kind, name, side: row.number("side") };
    case "relu":
    case "tanh":
    case "sigmoid":
    case "softmax":
    case "globalavgpool":
    case "flatten":
    case "dropout":
      return { kind, name };
    default:
      throw row.wrong("kind", `one of ${KINDS}`);
  }
}

/** The text of the metadata from which `graphOfMetadata` makes the same layers. What is as usual is left out. */
export function metadataOfGraph(graph: readonly GraphLayer[]): string {
  return JSON.stringify(graph.map(written));
}

/** Fields that are undefined are not in the JSON. */
function written(layer: GraphLayer): object {
  const name = layer.name || undefined;
  switch (layer.kind) {
    case "conv": {
      // Its kernel's sides are those of its tensor.
      const { kernel: _, stride, padding, dilation, groups, ...own } = layer;
      const steps = { stride: shortPair(stride, 1), dilation: shortPair(dilation, 1) };
      return { ...own, name, ...steps, padding: shortEdges(padding), groups: unless(groups, 1) };
    }
    case "maxpool":
    case "avgpool": {
      const { kind, kernel, stride, padding } = layer;
      const steps = stride.every((n, i) => n === kernel[i]) ? {} : { stride: shortPair(stride) };
      return { kind, name, kernel: shortPair(kernel, 2), ...steps, padding: shortEdges(padding) };
    }
    case "batchnorm":
      return { ...layer, name, epsilon: unless(layer.epsilon, BATCH_NORM_EPSILON) };
    default:
      return { ...layer, name };
  }
}

function unless(value: number, usual: number | undefined): number | undefined {
  return value === usual ? undefined : value;
}

function shortPair([a, b]: Pair, usual?: number): Pair | number | undefined {
  return a === b ? unless(a, usual) : [a, b];
}

function shortEdges(edges: Edges): Edges | number | undefined {
  const { top, left, bottom, right } = edges;
  return [left, bottom, right].every((n) => n === top) ? unless(top, 0) : edges;
}

/** The fields of one object, each checked where it is read. */
class Row {
  readonly #fields: ReadonlyMap<string, unknown>;
  readonly #where: string;
  readonly #read = new Set<string>();

  constructor(given: unknown, where: string) {
    if (typeof given !== "object" || given === null || Array.isArray(given)) {
      throw new WeightsError(`${where} expects an object, got ${shown(given)}`);
    }
    this.#fields = new Map(Object.entries(given));
    this.#where = where;
  }

  text(field: string): string {
    const value = this.#get(field);
    if (typeof value === "string") return value;
    throw this.wrong(field, "a text");
  }

  optionalText(field: string): string | undefined {
    return this.#get(field) === undefined ? undefined : this.text(field);
  }

  bias(): { readonly bias?: string } {
    const bias = this.optionalText("bias");
    return bias === undefined ? {} : { bias };
  }

  number(field: string, otherwise?: number): number {
    const value = this.#get(field) ?? otherwise;
    if (isNumber(value)) return value;
    throw this.wrong(field, "a number");
  }

  pair(field: string, otherwise: number | Pair): Pair {
    const value = this.#get(field) ?? otherwise;
    if (isNumber(value)) return [value, value];
    if (Array.isArray(value) && value.length === 2 && value.every(isNumber)) return value as unknown as Pair;
    throw this.wrong(field, "a number or two");
  }

  edges(field: string): Edges {
    const value = this.#get(field) ?? 0;
    if (isNumber(value)) return { top: value, left: value, bottom: value, right: value };
    const sides = typeof value === "object" ? new Map<string, unknown>(Object.entries(value)) : new Map();
    const [top, left, bottom, right] = ["top", "left", "bottom", "right"].map((side) => sides.get(side));
    if (sides.size === 4 && isNumber(top) && isNumber(left) && isNumber(bottom) && isNumber(right)) {
      return { top, left, bottom, right };
    }
    throw this.wrong(field, "a number, or top, left, bottom and right");
  }

  wrong(field: string, expected: string): WeightsError {
    const value = this.#fields.get(field);
    const got = value === undefined ? "nothing" : shown(value);
    return new WeightsError(`${this.#where}: ${field} expects ${expected}, got ${got}`);
  }

  expectNothingElse(): void {
    const unknown = [...this.#fields.keys()].find((field) => !this.#read.has(field));
    if (unknown !== undefined) throw new WeightsError(`${this.#where}: there is no field ${shown(unknown)}`);
  }

  #get(field: string): unknown {
    this.#read.add(field);
    return this.#fields.get(field);
  }
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}
