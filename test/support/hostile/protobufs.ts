/** Messages of Protocol Buffers taken apart by guess, changed and written again; and ONNX' graphs of any layers. */
import { joined } from "./mutate.ts";
import { EVIL_NUMBERS, type Random, someName, someSize } from "./random.ts";

interface Field {
  readonly tag: number;
  readonly type: number;
  /** Of type 0 a number; else bytes, or the fields of a message. */
  readonly value: bigint | Uint8Array | Field[];
}

function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  do {
    bytes.push(Number(rest & 127n) | (rest > 127n ? 128 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return Uint8Array.from(bytes);
}

/** Undefined where the bytes are no message. */
function fieldsOf(bytes: Uint8Array, depth: number): Field[] | undefined {
  const fields: Field[] = [];
  let at = 0;
  const read = (): bigint | undefined => {
    let value = 0n;
    for (let shift = 0n; at < bytes.length && shift < 70n; shift += 7n) {
      const byte = bytes[at++] as number;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
    return undefined;
  };
  while (at < bytes.length) {
    const key = read();
    if (key === undefined || key < 8n || key > 1000n) return undefined;
    const [tag, type] = [Number(key >> 3n), Number(key & 7n)];
    const length = type === 0 ? 0n : type === 1 ? 8n : type === 5 ? 4n : type === 2 ? read() : undefined;
    const value = type === 0 ? read() : undefined;
    if (length === undefined || (type === 0 && value === undefined) || at + Number(length) > bytes.length)
      return undefined;
    const data = bytes.slice(at, at + Number(length));
    at += Number(length);
    fields.push({
      tag,
      type,
      value: value ?? (type === 2 && depth > 0 ? (fieldsOf(data, depth - 1) ?? data) : data),
    });
  }
  return fields;
}

function written(fields: readonly Field[]): Uint8Array {
  return joined(
    ...fields.map(({ tag, type, value }) => {
      const key = varint(BigInt(tag * 8 + type));
      if (typeof value === "bigint") return joined(key, varint(value));
      const data = Array.isArray(value) ? written(value) : value;
      return type === 2 ? joined(key, varint(BigInt(data.length)), data) : joined(key, data);
    }),
  );
}

function messagesIn(fields: Field[]): Field[][] {
  const found = [fields];
  for (const message of found)
    for (const { value } of message) if (Array.isArray(value) && value.length > 0) found.push(value);
  return found;
}

/** The message with one to six fields changed, removed, doubled or moved. */
export function wrongMessage(random: Random, good: Uint8Array): Uint8Array {
  const root = fieldsOf(good, 8) ?? [];
  for (let times = 1 + random.below(6); times > 0; times--) {
    const all = messagesIn(root);
    const message = random.pick(all);
    const at = random.below(message.length);
    const field = message[at];
    if (field === undefined) continue;
    const other = random.pick(random.pick(all)) as Field | undefined;
    const change = random.below(8);
    if (change === 0) message.splice(at, 1);
    else if (change === 1) message.splice(at, 0, field);
    else if (change === 2 && other) message.splice(at, 0, structuredClone(other));
    else if (change === 3 && other)
      message[at] = {
        ...field,
        ...(field.type === other.type ? { value: structuredClone(other.value) } : {}),
      };
    else if (change === 4) message[at] = { ...field, tag: 1 + random.below(20) };
    else if (field.type === 0)
      message[at] = { ...field, value: random.pick([...EVIL_NUMBERS, BigInt(random.below(20))]) };
    else if (field.type === 2)
      message[at] = {
        ...field,
        value: random.chance(0.5)
          ? new TextEncoder().encode(someName(random))
          : random.bytes(random.below(20)),
      };
  }
  return written(root);
}

const bytes = (tag: number, value: Uint8Array | Field[]): Field => ({ tag, type: 2, value });
const word = (tag: number, value: string): Field => bytes(tag, new TextEncoder().encode(value));
const whole = (tag: number, value: number): Field => ({
  tag,
  type: 0,
  value: BigInt(Number.isFinite(value) ? Math.trunc(value) : 0),
});

const OPERATORS =
  "Conv Conv Relu Relu MaxPool AveragePool BatchNormalization Gemm MatMul Add Sub Mul Div Flatten Reshape Transpose Pad Constant Identity Dropout Clip LeakyRelu PRelu Concat Squeeze Unsqueeze Shape GlobalAveragePool ReduceMean Softmax Sigmoid Tanh Nonsense";
const SETTINGS =
  "kernel_shape strides pads dilations group auto_pad ceil_mode epsilon alpha beta transA transB axis axes perm value value_int";

function tensor(random: Random, name: string): Field[] {
  const shape = random.list(4, () => (random.chance(0.9) ? 1 + random.below(4) : someSize(random)));
  const count = shape.reduce((a, b) => a * b, 1);
  const data = new Uint8Array(random.chance(0.9) ? Math.min(Math.max(0, 4 * count), 4096) : random.below(64));
  const packed = random.pick([
    bytes(9, data),
    bytes(9, data),
    bytes(4, data),
    bytes(7, random.bytes(random.below(9))),
    bytes(5, random.bytes(8)),
  ]);
  const elsewhere = random.chance(0.05)
    ? [bytes(13, [word(1, "location"), word(2, someName(random))]), whole(14, 1)]
    : [];
  return [
    ...shape.map((n) => whole(1, n)),
    whole(2, random.pick([1, 1, 1, 7, 10, 11, 16, 99])),
    word(8, name),
    packed,
    ...elsewhere,
  ];
}

function attribute(random: Random): Field[] {
  const numbers = random.list(4, () => whole(8, random.chance(0.7) ? random.below(4) : someSize(random)));
  const value = random.pick([
    numbers,
    numbers,
    [whole(3, someSize(random))],
    [word(4, random.pick(["SAME_UPPER", "SAME_LOWER", "VALID", "x"]))],
    [{ tag: 2, type: 5, value: random.bytes(4) }],
    [bytes(5, tensor(random, "t"))],
    [bytes(8, random.bytes(random.below(9)))],
  ]);
  return [word(1, random.pick(SETTINGS.split(" "))), ...value];
}

/** A graph of a few nodes one after the other, with constants that need not fit; seldom of very many. */
export function hostileOnnx(random: Random): Uint8Array {
  const many = random.chance(0.004) ? 8000 : 8;
  const fields: Field[] = [];
  let value = "x";
  const nodes = random.below(many);
  const plain = random.chance(0.5) && many === 8;
  for (let i = 0; i < nodes; i++) {
    const output = random.chance(0.02) ? "x" : `v${i}`;
    const isFirst = plain && i === 0;
    const given = plain ? (isFirst ? ["w0"] : random.list(1, () => `w${random.below(8)}`)) : undefined;
    const others = given ?? random.list(4, () => `w${random.below(8)}`);
    const inputs = [random.chance(0.05) ? "x" : value, ...others];
    const settings = many > 8 ? [] : random.list(5, () => bytes(5, attribute(random)));
    const name = random.chance(0.1) ? [word(3, someName(random))] : [];
    fields.push(
      bytes(
        1,
        written([
          ...inputs.map((input) => word(1, input)),
          word(2, output),
          ...name,
          word(4, isFirst ? "Conv" : random.pick(OPERATORS.split(" "))),
          ...(isFirst && random.chance(0.8) ? [] : settings),
        ]),
      ),
    );
    if (!random.chance(0.05)) value = output;
  }
  if (plain) {
    const shape = [3, 3, 3, 3].map((n) => whole(1, n));
    fields.push(bytes(5, [...shape, whole(2, 1), word(8, "w0"), bytes(9, new Uint8Array(324))]));
  }
  for (let i = plain ? 1 : 0; i < 8; i++)
    fields.push(bytes(5, tensor(random, random.chance(0.05) ? someName(random) : `w${i}`)));
  const sizes = [1, 3, random.pick([8, 16, someSize(random)]), 8]
    .slice(0, 1 + random.below(4))
    .map((n) => bytes(1, [whole(1, n)]));
  fields.push(bytes(11, [word(1, "x"), bytes(2, [bytes(1, [whole(1, 1), bytes(2, sizes)])])]));
  fields.push(bytes(12, [word(1, value)]));
  const metadata = random.list(2, () =>
    bytes(14, [
      word(1, random.pick(["preprocess", "classes", "__proto__"])),
      word(2, random.pick(["unit", '["a","b"]', someName(random)])),
    ]),
  );
  return written([whole(1, 8), bytes(2, new TextEncoder().encode("test")), bytes(7, fields), ...metadata]);
}
