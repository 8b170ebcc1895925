/**
 * A model's configuration as Keras 1 to 3 writes it in JSON, reduced to its layers in order. Nested models are laid out
 * in a row. What merges or branches is named and ends the row.
 */
import { shown, WeightsError } from "../../errors.ts";
import { parseBounded } from "../bounded-json.ts";

/** A value of JSON that came from a file. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

export interface KerasLayer {
  /** `Conv2D` */
  readonly className: string;
  readonly name: string;
  readonly config: JsonObject;
  /** Models that it lies in, the outermost first, each as a layer. */
  readonly within: readonly LayerPlace[];
  readonly place: LayerPlace;
}

/** Where a layer stands among its model's. */
export interface LayerPlace {
  readonly className: string;
  readonly name: string;
  /** How many layers of its class stand before it, by which Keras 3 names its weights. */
  readonly nth: number;
}

export interface KerasModel {
  readonly layers: readonly KerasLayer[];
  /** What ends the row early: `add_1 (Add), which joins branches`. */
  readonly stop: { readonly name: string; readonly what: string } | undefined;
}

const MAX_LAYERS = 2000;
const MAX_NESTING = 8;
const MODELS: ReadonlySet<string> = new Set(["Sequential", "Functional", "Model"]);

/** @throws WeightsError where the text is no configuration of a model */
export function parseModel(where: string, text: string): KerasModel {
  let json: Json;
  try {
    json = parseBounded(text) as Json;
  } catch (cause) {
    throw unreadable(where, "is no JSON", cause);
  }
  const className = textOf(property(json, "class_name"));
  if (className === undefined || !MODELS.has(className)) {
    throw new WeightsError(`${where}: expected a Sequential or Functional model, got ${quote(className)}`, {
      remedy:
        "a model of a class of its own does not say how its layers follow each other; rebuild it as one",
    });
  }
  const layers: KerasLayer[] = [];
  const stop = layOut(where, property(json, "config"), [], layers);
  return { layers, stop };
}

/** Appends the layers of a model; gives what ends the row. */
function layOut(
  where: string,
  config: Json | undefined,
  within: readonly LayerPlace[],
  layers: KerasLayer[],
): KerasModel["stop"] {
  // Keras 1 and 2.0 wrote a Sequential's layers without anything around them.
  const listed = Array.isArray(config) ? (config as readonly Json[]) : property(config, "layers");
  if (!Array.isArray(listed)) throw unreadable(where, "lists no layers");
  if (within.length > MAX_NESTING) throw unreadable(where, "nests models too deeply");
  if (listed.length > MAX_LAYERS) throw unreadable(where, `has more than ${MAX_LAYERS} layers`);
  const { row, stop } = inOrder(where, withPlaces(where, listed as readonly Json[]));
  for (const { json, place } of row) {
    if (layers.length >= MAX_LAYERS) throw unreadable(where, `has more than ${MAX_LAYERS} layers`);
    const inner = property(json, "config");
    if (MODELS.has(place.className)) {
      const innerStop = layOut(where, inner, [...within, place], layers);
      if (innerStop !== undefined) return innerStop;
      continue;
    }
    const settings = isObject(inner) ? inner : {};
    layers.push({ className: place.className, name: place.name, config: settings, within, place });
  }
  return stop;
}

interface Placed {
  readonly json: Json;
  readonly place: LayerPlace;
}

function withPlaces(where: string, listed: readonly Json[]): readonly Placed[] {
  const counts = new Map<string, number>();
  return listed.map((json) => {
    const className = textOf(property(json, "class_name"));
    const name = textOf(property(property(json, "config"), "name")) ?? textOf(property(json, "name"));
    if (className === undefined) throw unreadable(where, "has a layer without a class");
    const nth = counts.get(className) ?? 0;
    counts.set(className, nth + 1);
    return { json, place: { className, name: name ?? `${className} ${nth + 1}`, nth } };
  });
}

interface Row {
  readonly row: readonly Placed[];
  readonly stop: KerasModel["stop"];
}

/** Follows a Functional model from its input on. A Sequential's layers say of no inputs. */
function inOrder(where: string, placed: readonly Placed[]): Row {
  const inputs = new Map(placed.map((one) => [one, inputsOf(one.json)]));
  if ([...inputs.values()].every((names) => names === undefined)) return { row: placed, stop: undefined };
  const consumers = new Map<string, Placed[]>();
  for (const [one, names] of inputs)
    for (const name of new Set(names)) consumers.set(name, [...(consumers.get(name) ?? []), one]);
  const starts = placed.filter((one) => inputs.get(one)?.length === 0);
  const [start] = starts;
  if (start === undefined) throw unreadable(where, "has no input");
  const merge = placed.find((one) => (inputs.get(one)?.length ?? 0) > 1);
  if (starts.length > 1 && merge === undefined)
    return { row: [], stop: { name: starts[1]?.place.name ?? "", what: "a second input" } };
  const row = [start];
  const seen = new Set(row);
  for (let at: Placed = start; ; ) {
    const next = consumers.get(at.place.name) ?? [];
    const only = next[0];
    if (only === undefined) return { row, stop: undefined };
    if (next.length > 1 || (inputs.get(only)?.length ?? 0) > 1) return { row, stop: joining(merge ?? only) };
    if (seen.has(only)) throw unreadable(where, "goes in a circle");
    seen.add(only);
    row.push(only);
    at = only;
  }
}

function joining({ place }: Placed): { readonly name: string; readonly what: string } {
  return { name: place.name, what: `${place.className}, where branches of the network meet` };
}

/** Names of the layers that a layer reads, once for each time; undefined where it does not say. */
function inputsOf(json: Json): readonly string[] | undefined {
  const nodes = property(json, "inbound_nodes");
  if (!Array.isArray(nodes)) return undefined;
  const names: string[] = [];
  // A layer that is applied twice has two nodes, and its second use is of no row.
  for (const node of nodes as readonly Json[]) collectInputs(node, names, 0);
  return names;
}

/** Keras 2: `["name", 0, 0, {}]`, in lists. Keras 3: `{"keras_history": ["name", 0, 0]}`, somewhere in arguments. */
function collectInputs(json: Json | undefined, names: string[], depth: number): void {
  if (depth > 8 || names.length > 64) return;
  if (Array.isArray(json)) {
    const list = json as readonly Json[];
    const [name, node, tensor] = list;
    if (typeof name === "string" && typeof node === "number" && typeof tensor === "number") names.push(name);
    else for (const one of list) collectInputs(one, names, depth + 1);
  } else if (isObject(json)) {
    const history = property(json, "keras_history");
    if (history !== undefined) collectInputs(history, names, depth + 1);
    else for (const key of ["args", "kwargs", "config"]) collectInputs(property(json, key), names, depth + 1);
    if (
      history === undefined &&
      property(json, "args") === undefined &&
      property(json, "config") === undefined
    )
      for (const key of Object.keys(json)) collectInputs(property(json, key), names, depth + 1);
  }
}

/** A property of the object itself, never one that it inherits. */
export function property(json: Json | undefined, key: string): Json | undefined {
  return isObject(json) && Object.hasOwn(json, key) ? json[key] : undefined;
}

export function isObject(json: Json | undefined): json is JsonObject {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

export function textOf(json: Json | undefined): string | undefined {
  return typeof json === "string" ? json.slice(0, 200) : undefined;
}

export function numberOf(json: Json | undefined): number | undefined {
  return typeof json === "number" && Number.isFinite(json) ? json : undefined;
}

/** Two whole numbers, or one for both: `[3, 3]` or `3`. */
export function pairOf(json: Json | undefined): readonly [number, number] | undefined {
  const [height, width] = Array.isArray(json) ? (json as readonly Json[]) : [json, json];
  const isCount = (n: Json | undefined): n is number =>
    typeof n === "number" && Number.isSafeInteger(n) && n > 0;
  return isCount(height) && isCount(width) ? [height, width] : undefined;
}

function quote(text: string | undefined): string {
  return text === undefined ? "neither" : shown(text);
}

function unreadable(where: string, problem: string, cause?: unknown): WeightsError {
  return new WeightsError(`${where}: the model's configuration ${problem}`, {
    remedy: 'save the whole network again: model.save("network.keras")',
    cause,
  });
}
