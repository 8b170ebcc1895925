/** ONNX' graph as its file lists it: nodes, inputs, and tensors that are constant. */
import { type OnnxTensor, readTensorProto } from "./tensors.ts";
import type { Wire, WireField } from "./wire.ts";

export interface OnnxNode {
  readonly op: string;
  /** As the file says, else the name of its first output. */
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, Attribute>;
}

/** Of an attribute what a layer needs: numbers, whole or not, a word, a tensor. */
export interface Attribute {
  readonly numbers: readonly number[];
  readonly text: string;
  readonly tensor?: OnnxTensor;
}

export interface OnnxInput {
  readonly name: string;
  /** Sizes that are fixed; 0 for any that is not. */
  readonly shape: readonly number[];
}

export interface OnnxGraph {
  readonly nodes: readonly OnnxNode[];
  readonly constants: ReadonlyMap<string, OnnxTensor>;
  /** Those that are no constants. */
  readonly inputs: readonly OnnxInput[];
  readonly outputs: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** ModelProto, the whole file. Numbers of fields are those of onnx.proto. */
export async function readModelProto(wire: Wire, size: number): Promise<OnnxGraph> {
  const metadata: [string, string][] = [];
  let graph: WireField | undefined;
  for (const field of await wire.fields(0, size)) {
    if (field.tag === 7 && field.type === 2) graph = field;
    else if (field.tag === 14 && field.type === 2) {
      const pair = await wire.fields(field.begin, field.end);
      const [key, value] = [await textOf(wire, pair, 1), await textOf(wire, pair, 2)];
      metadata.push([key, value]);
    }
  }
  if (graph === undefined) throw wire.damaged("it holds no graph");
  return { ...(await readGraphProto(wire, graph)), metadata: Object.fromEntries(metadata) };
}

async function readGraphProto(wire: Wire, { begin, end }: WireField): Promise<Omit<OnnxGraph, "metadata">> {
  const nodes: OnnxNode[] = [];
  const constants = new Map<string, OnnxTensor>();
  const inputs: OnnxInput[] = [];
  const outputs: string[] = [];
  for (const field of await wire.fields(begin, end)) {
    if (field.type !== 2) continue;
    if (field.tag === 1) nodes.push(await readNode(wire, field));
    else if (field.tag === 5) {
      const tensor = await readTensorProto(wire, field);
      constants.set(tensor.name, tensor);
    } else if (field.tag === 11) inputs.push(await readInput(wire, field));
    else if (field.tag === 12) outputs.push((await readInput(wire, field)).name);
  }
  for (const { op, inputs: from, outputs: to, attributes } of nodes) {
    const [name] = to;
    const tensor = op === "Constant" ? attributes.get("value")?.tensor : undefined;
    const same = op === "Identity" ? constants.get(from[0] ?? "") : undefined;
    if (name === undefined || !(tensor ?? same)) continue;
    constants.set(name, { ...((tensor ?? same) as OnnxTensor), name });
  }
  const isConstant = ({ name }: OnnxInput): boolean => constants.has(name);
  return { nodes, constants, inputs: inputs.filter((input) => !isConstant(input)), outputs };
}

async function readNode(wire: Wire, { begin, end }: WireField): Promise<OnnxNode> {
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes = new Map<string, Attribute>();
  let [name, op, domain] = ["", "", ""];
  for (const field of await wire.fields(begin, end)) {
    if (field.tag === 5 && field.type === 2) {
      const fields = await wire.fields(field.begin, field.end);
      attributes.set(await textOf(wire, fields, 1), await readAttribute(wire, fields));
      continue;
    }
    if (field.type !== 2 || ![1, 2, 3, 4, 7].includes(field.tag)) continue;
    const text = await wire.text(field, 4096);
    if (field.tag === 1) inputs.push(text);
    else if (field.tag === 2) outputs.push(text);
    else if (field.tag === 3) name = text;
    else if (field.tag === 4) op = text;
    else domain = text;
  }
  const isStandard = domain === "" || domain === "ai.onnx";
  const called = name === "" ? (outputs[0] ?? "") : name;
  return { op: isStandard ? op : `${domain}.${op}`, name: called, inputs, outputs, attributes };
}

const MOST_SETTING_BYTES = 1024;

async function readAttribute(wire: Wire, fields: readonly WireField[]): Promise<Attribute> {
  const numbers: number[] = [];
  const add = (value: number): void => {
    wire.spend(16);
    numbers.push(value);
  };
  let [text, tensor]: [string, OnnxTensor | undefined] = ["", undefined];
  for (const field of fields) {
    const { tag, type, begin, end } = field;
    // No setting of a layer has more numbers than a Pad; longer lists are of operators that do not run.
    if (tag !== 4 && tag !== 5 && end - begin > MOST_SETTING_BYTES) continue;
    if (tag === 2 && type === 5) add(await wire.float(field));
    else if (tag === 3 || tag === 8) await wire.integers(field, add);
    else if (tag === 4 && type === 2) text = await wire.text(field);
    else if (tag === 5 && type === 2) tensor = await readTensorProto(wire, field);
    else if (tag === 7 && type === 5) add(await wire.float(field));
    else if (tag === 7 && type === 2) {
      for (let at = begin; at + 4 <= end; at += 4) {
        add(await wire.float({ ...field, begin: at, end: at + 4 }));
      }
    }
  }
  return { numbers, text, ...(tensor === undefined ? {} : { tensor }) };
}

/** ValueInfoProto: a name, and the sizes within its type where they are fixed. */
async function readInput(wire: Wire, { begin, end }: WireField): Promise<OnnxInput> {
  const fields = await wire.fields(begin, end);
  const within = async (outer: readonly WireField[], tag: number): Promise<readonly WireField[]> => {
    const found = outer.find((field) => field.tag === tag && field.type === 2);
    return found ? wire.fields(found.begin, found.end) : [];
  };
  const tensor = await within(await within(fields, 2), 1);
  const shape: number[] = [];
  for (const field of await within(tensor, 2)) {
    if (field.type !== 2) continue;
    const sizes = await wire.fields(field.begin, field.end);
    shape.push(sizes.find(({ tag, type }) => tag === 1 && type === 0)?.value ?? 0);
  }
  return { name: await textOf(wire, fields, 1), shape };
}

async function textOf(wire: Wire, fields: readonly WireField[], tag: number): Promise<string> {
  const field = fields.find((one) => one.tag === tag && one.type === 2);
  return field ? wire.text(field) : "";
}
