/** Writes an ONNX model: as much of its protobuf (onnx.proto3) as the graph of `ort.ts` needs. */

type Attribute = number | string | readonly number[];

/** Field numbers and types are those of onnx.proto3: ModelProto, GraphProto, NodeProto, TensorProto. */
export class OnnxGraph {
  readonly #fields: Uint8Array[] = [];
  #names = 0;

  /** Adds a node with one output and returns the output's name. */
  node(
    type: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): string {
    return this.namedNode(`t${this.#names++}`, type, inputs, attributes);
  }

  namedNode(
    output: string,
    type: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): string {
    const fields = [
      ...inputs.map((input) => text(1, input)),
      text(2, output),
      text(4, type),
      ...Object.entries(attributes).map(([name, value]) => bytes(5, attribute(name, value))),
    ];
    this.#fields.push(bytes(1, joined(fields)));
    return output;
  }

  /** Adds a tensor of float32 (element type 1) or int64 (7). */
  tensor(shape: readonly number[], data: Float32Array<ArrayBuffer> | BigInt64Array<ArrayBuffer>): string {
    const name = `t${this.#names++}`;
    const type = data instanceof Float32Array ? 1 : 7;
    const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const dimensions = shape.map((extent) => integer(1, extent));
    this.#fields.push(bytes(5, joined([...dimensions, integer(2, type), text(8, name), bytes(9, raw)])));
    return name;
  }

  input(name: string, shape: readonly number[]): string {
    this.#fields.push(bytes(11, valueInfo(name, shape)));
    return name;
  }

  output(name: string, shape: readonly number[]): void {
    this.#fields.push(bytes(12, valueInfo(name, shape)));
  }

  /** The model: IR version 8, operator set 17. */
  encode(): Uint8Array<ArrayBuffer> {
    const graph = joined([...this.#fields, text(2, "work")]);
    return joined([integer(1, 8), bytes(8, joined([text(1, ""), integer(2, 17)])), bytes(7, graph)]);
  }
}

/** AttributeProto: name 1, f 2, i 3, s 4, ints 8, type 20 (1 float, 2 int, 3 string, 7 ints). */
function attribute(name: string, value: Attribute): Uint8Array {
  if (typeof value === "string") return joined([text(1, name), text(4, value), integer(20, 3)]);
  if (typeof value === "number") return joined([text(1, name), integer(3, value), integer(20, 2)]);
  return joined([text(1, name), ...value.map((one) => integer(8, one)), integer(20, 7)]);
}

/** ValueInfoProto: name 1, type 2 (tensor_type 1: elem_type 1, shape 2 of dim 1 of dim_value 1). */
function valueInfo(name: string, shape: readonly number[]): Uint8Array {
  const dimensions = joined(shape.map((extent) => bytes(1, integer(1, extent))));
  return joined([text(1, name), bytes(2, bytes(1, joined([integer(1, 1), bytes(2, dimensions)])))]);
}

/** Base 128, least significant first, the top bit set on all but the last (protobuf's varint). */
function varint(value: number): Uint8Array {
  const digits: number[] = [];
  let rest = value;
  while (rest >= 128) {
    digits.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return Uint8Array.from([...digits, rest]);
}

function integer(field: number, value: number): Uint8Array {
  return joined([varint(field * 8), varint(value)]);
}

function bytes(field: number, content: Uint8Array): Uint8Array {
  return joined([varint(field * 8 + 2), varint(content.length), content]);
}

function text(field: number, content: string): Uint8Array {
  return bytes(field, new TextEncoder().encode(content));
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
