/** HDF5 files written from nothing, with groups in circles, lists of names without end, and chunks that lie. */
import { zlibSync } from "fflate";
import { joined } from "./mutate.ts";
import { EVIL_NUMBERS, type Random, someName, someSize } from "./random.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

function number(value: number | bigint, bytes: number): Uint8Array {
  const bits = typeof value === "bigint" ? value : BigInt(Number.isFinite(value) ? Math.trunc(value) : 0);
  return Uint8Array.from({ length: bytes }, (_, i) =>
    Number((BigInt.asUintN(64, bits) >> BigInt(8 * i)) & 255n),
  );
}

const padded = (bytes: Uint8Array): Uint8Array => joined(bytes, new Uint8Array((8 - (bytes.length % 8)) % 8));

class Writer {
  readonly #parts: Uint8Array[] = [new Uint8Array(96)];
  at = 96;

  put(bytes: Uint8Array): number {
    const whole = padded(bytes);
    this.#parts.push(whole);
    this.at += whole.length;
    return this.at - whole.length;
  }

  /** With the superblock, version 0. */
  file(root: number): Uint8Array {
    const file = joined(...this.#parts);
    file.set([0x89, 0x48, 0x44, 0x46, 13, 10, 26, 10, 0, 0, 0, 0, 0, 8, 8, 0, 4, 0, 16, 0]);
    file.set(number((1n << 64n) - 1n, 8), 32);
    file.set(number(file.length, 8), 40);
    file.set(number((1n << 64n) - 1n, 8), 48);
    file.set(number(root, 8), 64);
    return file;
  }
}

type Message = readonly [type: number, data: Uint8Array];

/** An object header of version 1. Data longer than a message can say is cut. */
function header(messages: readonly Message[]): Uint8Array {
  const parts = messages.map(([type, data]) => {
    const whole = padded(data.subarray(0, 65_528));
    return joined(number(type, 2), number(whole.length, 2), new Uint8Array(4), whole);
  });
  const body = joined(...parts);
  return joined(
    number(1, 2),
    number(messages.length, 2),
    number(1, 4),
    number(body.length, 4),
    new Uint8Array(4),
    body,
  );
}

const link = (name: string, address: number): Message => {
  const bytes = text(name).subarray(0, 255);
  return [6, joined(Uint8Array.of(1, 0, bytes.length), bytes, number(address, 8))];
};

const FLOATS = { F32: [4, 23, 8, 0, 23], F64: [8, 52, 11, 0, 52], F16: [2, 10, 5, 0, 10] } as const;

function floatType(random: Random): { readonly bytes: Uint8Array; readonly size: number } {
  if (random.chance(0.05))
    return { bytes: joined(Uint8Array.of(0x10, 8, 0, 0), number(8, 4), random.bytes(4)), size: 8 };
  const [size, exponent, bits, , fraction] = FLOATS[random.pick(["F32", "F32", "F16", "F64"] as const)];
  const order = random.chance(0.1) ? 1 : 0;
  const head = joined(Uint8Array.of(0x11, order, 31, 0), number(size, 4), number(0, 2), number(8 * size, 2));
  return { bytes: joined(head, Uint8Array.of(exponent, bits, 0, fraction), number(127, 4)), size };
}

const space = (shape: readonly number[]): Uint8Array =>
  joined(Uint8Array.of(1, shape.length, 0, 0, 0, 0, 0, 0), ...shape.map((n) => number(n, 8)));

/** A list of texts of fixed length. */
function textsAttribute(name: string, texts: readonly string[]): Message {
  const size = Math.max(1, ...texts.map((one) => text(one).length));
  const type = joined(Uint8Array.of(0x13, 0, 0, 0), number(size, 4));
  const title = padded(joined(text(name), Uint8Array.of(0)));
  const shape = space([texts.length]);
  const data = joined(...texts.map((one) => joined(text(one), new Uint8Array(size - text(one).length))));
  const lengths = joined(number(title.length, 2), number(type.length, 2), number(shape.length, 2));
  return [12, joined(Uint8Array.of(1, 0), lengths, title, type, shape, data)];
}

function someShape(random: Random, most: number): number[] {
  const rank = random.pick([0, 1, 1, 2, 4, 4, 4, random.below(8)]);
  return Array.from({ length: rank }, () =>
    random.chance(0.95) ? 1 + random.below(most) : Math.abs(someSize(random)),
  );
}

/** Numbers in chunks, in a B-tree of one or two levels, with an entry wrong now and then. */
function chunks(random: Random, writer: Writer, shape: readonly number[], size: number): readonly Message[] {
  const wrong = random.pick([0, 0.02, 0.1]);
  const chunk = shape.map((n) =>
    random.chance(wrong) ? someSize(random) : Math.max(1, Math.ceil(Math.min(n, 64) / (1 + random.below(3)))),
  );
  const filters = random.list(3, () => random.pick([1, 1, 2, 3, random.chance(wrong) ? 32000 : 1]));
  const filled = Math.min(
    chunk.reduce((a, b) => a * b, size),
    1 << (random.chance(0.02) ? 24 : 12),
  );
  const raw = new Uint8Array(Math.max(0, Math.trunc(filled) || 0));
  const data = filters.reduce(
    (bytes, id) =>
      id === 1 ? zlibSync(bytes, { level: 1 }) : id === 3 ? joined(bytes, new Uint8Array(4)) : bytes,
    raw as Uint8Array,
  );
  const counts = shape.map((n, axis) => Math.min(8, Math.ceil(n / (chunk[axis] as number)) || 1));
  const total = Math.min(
    64,
    counts.reduce((a, b) => a * b, 1),
  );
  const address = writer.put(data);
  const entries = Array.from({ length: total }, (_, index) => {
    let rest = index;
    const at = counts.map((count, axis) => {
      const place = (rest % count) * (chunk[axis] as number);
      rest = Math.floor(rest / count);
      return number(random.chance(wrong) ? random.pick(EVIL_NUMBERS) : place, 8);
    });
    const stored = random.chance(wrong) ? random.pick(EVIL_NUMBERS) : data.length;
    return joined(
      number(stored, 4),
      number(random.chance(0.1) ? random.below(8) : 0, 4),
      ...at,
      number(0, 8),
      number(random.chance(wrong) ? writer.at : address, 8),
    );
  });
  const node = (level: number, children: readonly Uint8Array[]): Uint8Array =>
    joined(
      text("TREE"),
      Uint8Array.of(1, level),
      number(random.chance(wrong) ? someSize(random) : children.length, 2),
      new Uint8Array(16),
      ...children,
      new Uint8Array(16 + 8 * shape.length),
    );
  let tree = writer.put(node(0, entries));
  if (random.chance(0.2)) {
    const own = random.chance(wrong) ? writer.at : tree;
    tree = writer.put(node(1, [joined(new Uint8Array(16 + 8 * shape.length), number(own, 8))]));
  }
  const layout = joined(
    Uint8Array.of(3, 2, shape.length + 1),
    number(tree, 8),
    ...chunk.map((n) => number(n, 4)),
    number(size, 4),
  );
  const described = filters.map((id) => joined(number(id, 2), number(0, 2), number(0, 2), number(0, 2)));
  return [
    [8, layout],
    ...(filters.length > 0
      ? ([[11, joined(Uint8Array.of(1, filters.length, 0, 0, 0, 0, 0, 0), ...described)]] as const)
      : []),
  ];
}

function dataset(random: Random, writer: Writer): number {
  const type = floatType(random);
  const shape = someShape(random, random.pick([4, 4, 4, random.chance(0.2) ? 2000 : 32]));
  const length =
    Math.min(
      shape.reduce((a, b) => a * b, type.size),
      1 << 14,
    ) || 0;
  const messages: Message[] = [
    [1, space(shape)],
    [3, type.bytes],
  ];
  const kind = random.below(4);
  if (kind === 0) messages.push([8, joined(Uint8Array.of(3, 0), number(length, 2), new Uint8Array(length))]);
  else if (kind === 1) messages.push(...chunks(random, writer, shape, type.size));
  else {
    const begin = random.chance(0.95) ? writer.put(new Uint8Array(length)) : someSize(random);
    messages.push([
      8,
      joined(
        Uint8Array.of(3, 1),
        number(begin, 8),
        number(random.chance(0.95) ? length : someSize(random), 8),
      ),
    ]);
  }
  return writer.put(header(messages));
}

/** Many layers, or one layer many times, each with many weights, which need not be there. */
function manyNames(random: Random, names: readonly string[]): readonly string[] {
  const most = random.pick([4, 4, 20, random.chance(0.1) ? 20_000 : 200]);
  return random.list(most, () => (random.chance(0.1) ? someName(random).slice(0, 60) : random.pick(names)));
}

/** A tree of groups and datasets in Keras' names, whose links may lead anywhere. */
export function hostileHdf5(random: Random): Uint8Array {
  const writer = new Writer();
  const objects = [96, 104];
  const layers = [
    "conv2d",
    "conv2d_1",
    "dense",
    "batch_normalization",
    "layers",
    "_layer_checkpoint_dependencies",
    "vars",
  ];
  const weights = ["kernel:0", "bias:0", "gamma:0", "moving_mean:0", "conv2d/kernel:0", "0", "1"];
  const group = (depth: number): number => {
    const messages: Message[] = random.list(5, () => {
      const isLeaf = depth <= 0 || random.chance(0.3);
      const circle = random.chance(0.1);
      const child = circle ? random.pick(objects) : isLeaf ? dataset(random, writer) : group(depth - 1);
      return link(random.chance(0.1) ? someName(random) : random.pick(isLeaf ? weights : layers), child);
    });
    if (random.chance(0.5)) messages.push(textsAttribute("weight_names", manyNames(random, weights)));
    if (random.chance(0.3)) messages.push(textsAttribute("layer_names", manyNames(random, layers)));
    const own = writer.put(header(messages));
    objects.push(own);
    return own;
  };
  const children: Message[] = random.list(4, () => link(random.pick(["model_weights", ...layers]), group(2)));
  const names = Array.from({ length: 1 + random.below(3) }, (_, i) =>
    textsAttribute(random.pick(["layer_names", `layer_names${i}`]), manyNames(random, layers)),
  );
  const version = textsAttribute(random.pick(["keras_version", "backend"]), [
    random.pick(["2.11.0", "3.0.0", "1e9", ""]),
  ]);
  return writer.file(writer.put(header([...children, ...names, version])));
}

/** What a Keras file holds: its configuration, and the weights of its layers. */
export interface KerasNet {
  readonly config: unknown;
  readonly layers: readonly {
    readonly name: string;
    readonly weights: readonly {
      readonly name: string;
      readonly shape: readonly number[];
      readonly data: Float32Array;
    }[];
  }[];
}

/** A network as Keras 2 saves it, with a configuration as given, and with some of its weights missing or of other shapes. */
export function writeKeras(random: Random, { layers }: KerasNet, config: string): Uint8Array {
  const writer = new Writer();
  const lies = random.pick([0, 0, 0.1]);
  const groups = layers.map(({ name, weights }) => {
    const inner = weights.flatMap(({ name: weight, shape, data }): Message[] => {
      if (random.chance(lies)) return [];
      const sizes = random.chance(lies) ? someShape(random, 4) : shape;
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      const layout = joined(Uint8Array.of(3, 1), number(writer.put(bytes), 8), number(bytes.length, 8));
      const [size, exponent, bits, , fraction] = FLOATS.F32;
      const type = joined(Uint8Array.of(0x11, 0, 31, 0), number(size, 4), number(0, 2), number(32, 2));
      const float = joined(type, Uint8Array.of(exponent, bits, 0, fraction), number(127, 4));
      return [
        link(
          weight,
          writer.put(
            header([
              [1, space(sizes)],
              [3, float],
              [8, layout],
            ]),
          ),
        ),
      ];
    });
    const names = textsAttribute(
      "weight_names",
      weights.map((weight) => weight.name),
    );
    return link(name, writer.put(header([...inner, names])));
  });
  const root = writer.put(
    header([
      ...groups,
      textsAttribute(
        "layer_names",
        layers.map(({ name }) => name),
      ),
    ]),
  );
  const said = [textsAttribute("model_config", [config]), textsAttribute("keras_version", ["2.11.0"])];
  return writer.file(writer.put(header([link("model_weights", root), ...said])));
}

/** A file whose groups list layers and weights that are not there. */
export function namesInHdf5(
  groups: string | readonly string[],
  layers: readonly string[],
  weights: readonly string[],
): Uint8Array {
  const writer = new Writer();
  const list = textsAttribute("weight_names", weights);
  const made = [groups].flat().map((name) => link(name, writer.put(header([list]))));
  return writer.file(writer.put(header([...made, textsAttribute("layer_names", layers)])));
}
