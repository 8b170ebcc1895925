/**
 * Follows ONNX' graph from its input to its end: one chain of nodes becomes a list of layers. What branches ends the list
 * with a layer that says so.
 */
import type { GraphLayer } from "../checkpoint.ts";
import { isReadableType } from "../checkpoint.ts";
import { elementCount } from "../safetensors.ts";
import type { OnnxGraph, OnnxNode } from "./graph.ts";
import { LayerReader, type Presented } from "./layers.ts";
import type { SmallNumbers } from "./plain-layers.ts";
import { integersOf, type OnnxFiles, readNumbers } from "./tensors.ts";

export interface OnnxChain {
  readonly layers: readonly GraphLayer[];
  /** How tensors are read that are not as the file has them, by name. */
  readonly presented: ReadonlyMap<string, Presented>;
  /** What the graph does to its pixels, as metadata says it; undefined where it does nothing. */
  readonly preprocess: string | undefined;
}

/** Nodes that work out sizes and not pixels. */
const SIZES: readonly string[] = ["Shape"];
/** Nodes in which branches meet, as a message calls them. */
const JOINS: Readonly<Record<string, string>> = {
  Add: "a sum of branches (Add), as residual networks have",
  Sum: "a sum of branches (Sum), as residual networks have",
  Concat: "branches side by side (Concat)",
  Mul: "a product of branches (Mul), as attention has",
  MatMul: "a product of branches (MatMul), as attention has",
};

export async function chainOf(files: OnnxFiles, graph: OnnxGraph): Promise<OnnxChain> {
  const { wire } = files;
  const consumers = consumersOf(graph.nodes);
  const small = await smallNumbers(files, graph);
  const [input, ...others] = graph.inputs;
  if (input === undefined) throw wire.damaged("its graph has no input");
  const reader = new LayerReader(graph, small, input.shape);
  if (others.length > 0) {
    reader.refuse(input.name, `a network of ${graph.inputs.length} inputs`);
    return reader.chain();
  }
  const visited = new Set<OnnxNode>();
  for (let value = input.name; !reader.isRefused; ) {
    const next = (consumers.get(value) ?? []).filter(({ op }) => !SIZES.includes(op));
    const [node] = next;
    if (node === undefined) break;
    if (next.length > 1) {
      const join = next.find(({ op }) => Object.hasOwn(JOINS, op)) ?? joinOf(next, consumers);
      const at = join ?? node;
      reader.refuse(at.name, (join && JOINS[join.op]) ?? `one of ${next.length} branches (${node.op})`);
      break;
    }
    if (visited.has(node)) throw wire.damaged("its graph runs in a circle");
    visited.add(node);
    reader.add(node, value);
    value = node.outputs[0] ?? "";
    if (value === "") break;
  }
  return reader.chain();
}

function consumersOf(nodes: readonly OnnxNode[]): ReadonlyMap<string, readonly OnnxNode[]> {
  const consumers = new Map<string, OnnxNode[]>();
  for (const node of nodes) {
    for (const input of new Set(node.inputs)) {
      const list = consumers.get(input);
      if (list) list.push(node);
      else consumers.set(input, [node]);
    }
  }
  return consumers;
}

/** Where branches meet again, a few nodes on. */
function joinOf(
  branches: readonly OnnxNode[],
  consumers: ReadonlyMap<string, readonly OnnxNode[]>,
): OnnxNode | undefined {
  let front = branches.slice(0, 64);
  for (let steps = 0; steps < 8; steps++) {
    front = front.flatMap(({ outputs }) => (consumers.get(outputs[0] ?? "") ?? []).slice(0, 64)).slice(0, 64);
    const join = front.find(({ op, inputs }) => Object.hasOwn(JOINS, op) && inputs.length > 1);
    if (join) return join;
  }
  return undefined;
}

/** Nodes whose constants are settings, and not weights. */
const WITH_SETTINGS: readonly string[] =
  "Add Sub Mul Div Pad Reshape Squeeze Unsqueeze ReduceMean Clip PRelu Concat".split(" ");
const MOST_SETTINGS = 16;

async function smallNumbers(files: OnnxFiles, { nodes, constants }: OnnxGraph): Promise<SmallNumbers> {
  const small = new Map<string, readonly number[]>();
  const names = nodes.filter(({ op }) => WITH_SETTINGS.includes(op)).flatMap(({ inputs }) => inputs);
  for (const name of new Set(names)) {
    const tensor = constants.get(name);
    if (tensor === undefined || elementCount(tensor.shape) > MOST_SETTINGS) continue;
    if (tensor.type === "I64" || tensor.type === "I32") small.set(name, await integersOf(files, tensor));
    else if (isReadableType(tensor.type)) small.set(name, [...(await readNumbers(files, tensor))]);
  }
  for (const { op, inputs, outputs, attributes } of nodes) {
    const number = attributes.get("value_int") ?? attributes.get("value_ints");
    const made =
      op === "Constant" ? number?.numbers : op === "Unsqueeze" ? small.get(inputs[0] ?? "") : undefined;
    if (made !== undefined) small.set(outputs[0] ?? "", made);
  }
  return small;
}
