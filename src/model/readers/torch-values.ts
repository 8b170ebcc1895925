/**
 * What PyTorch's pickles may make: tensors over storages, and the containers they lie in. This is the whole list. A name
 * that is not on it is never called; it stays a placeholder.
 */
import { type Builder, type Built, Dict, Global, type PickleValue, type Spend } from "./pickle.ts";

/** Numbers in a row, whose bytes lie elsewhere in the file. */
export class Storage implements Built {
  readonly built = "storage";
  readonly key: string;
  readonly type: ElementType;
  /** Numbers that it has. */
  readonly length: number;
  constructor(key: string, type: ElementType, length: number) {
    this.key = key;
    this.type = type;
    this.length = length;
  }
}

export class Tensor implements Built {
  readonly built = "tensor";
  readonly storage: Storage;
  readonly type: ElementType;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  constructor(
    storage: Storage,
    type: ElementType,
    offset: number,
    shape: readonly number[],
    strides: readonly number[],
  ) {
    this.storage = storage;
    this.type = type;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }
}

export interface ElementType {
  /** In safetensors' words. */
  readonly type: string;
  readonly bytes: number;
}

const element = (type: string, bytes: number): ElementType => ({ type, bytes });

/** By the names of storages, `torch.FloatStorage`, and of types, `torch.float32`. */
const ELEMENTS: ReadonlyMap<string, ElementType> = new Map(
  (
    [
      ["DoubleStorage", "float64", element("F64", 8)],
      ["FloatStorage", "float32", element("F32", 4)],
      ["HalfStorage", "float16", element("F16", 2)],
      ["BFloat16Storage", "bfloat16", element("BF16", 2)],
      ["LongStorage", "int64", element("I64", 8)],
      ["IntStorage", "int32", element("I32", 4)],
      ["ShortStorage", "int16", element("I16", 2)],
      ["CharStorage", "int8", element("I8", 1)],
      ["ByteStorage", "uint8", element("U8", 1)],
      ["BoolStorage", "bool", element("BOOL", 1)],
      ["ComplexFloatStorage", "complex64", element("C64", 8)],
      ["ComplexDoubleStorage", "complex128", element("C128", 16)],
      ["QInt8Storage", "qint8", element("QI8", 1)],
      ["QUInt8Storage", "quint8", element("QU8", 1)],
      ["QInt32Storage", "qint32", element("QI32", 4)],
      ["", "uint16", element("U16", 2)],
      ["", "uint32", element("U32", 4)],
      ["", "uint64", element("U64", 8)],
      ["", "float8_e4m3fn", element("F8_E4M3", 1)],
      ["", "float8_e5m2", element("F8_E5M2", 1)],
    ] as const
  ).flatMap(([storage, type, value]) =>
    [storage, type].filter((name) => name !== "").map((name) => [name, value] as const),
  ),
);
/** A storage of bytes, whose tensors say their type themselves. */
const UNTYPED = element("bytes", 1);

/** Values that tensors are made of. `storages` fills with the storages that are named. */
export function torchBuilder(storages: Map<string, Storage>): Builder {
  const call: Builder["call"] = (path, args, spend) => {
    const name = path.slice(path.lastIndexOf(".") + 1);
    switch (path) {
      case "collections.OrderedDict":
      case "collections.defaultdict":
        return dictionary(args[0] ?? null, spend);
      case "torch.Size":
        return args[0];
      case "torch._utils._rebuild_tensor":
      case "torch._utils._rebuild_tensor_v2":
      case "torch._utils._rebuild_tensor_v3":
      case "torch._utils._rebuild_qtensor":
        return tensor(args, name === "_rebuild_tensor_v3" ? args[6] : undefined, name);
      case "torch._utils._rebuild_parameter":
      case "torch._utils._rebuild_parameter_with_state":
      case "torch.nn.parameter.Parameter":
      case "torch.nn.parameter.Buffer":
      case "torch.autograd.variable.Variable":
        return args[0] instanceof Tensor ? args[0] : undefined;
      case "torch._tensor._rebuild_from_type_v2":
        // (what makes the tensor, its class, its arguments, its state): only names on this list make one.
        return args[0] instanceof Global && args[0].path !== path && Array.isArray(args[2])
          ? call(args[0].path, args[2], spend)
          : undefined;
      case "_codecs.encode":
        if (typeof args[0] !== "string") return undefined;
        spend(args[0].length);
        return bytesOf(args[0]);
      default:
        return undefined;
    }
  };
  return { call, persistent: (id) => persistent(id, storages) };
}

/** `OrderedDict()`, or of pairs, as Python 2 writes it. */
function dictionary(pairs: PickleValue, spend: Spend): Dict {
  const dict = new Dict();
  if (Array.isArray(pairs)) spend(48 * pairs.length);
  for (const pair of Array.isArray(pairs) ? pairs : []) {
    if (Array.isArray(pair) && pair.length === 2) {
      dict.entries.push([pair[0] as PickleValue, pair[1] as PickleValue]);
    }
  }
  return dict;
}

function tensor(
  args: readonly PickleValue[],
  dtype: PickleValue | undefined,
  how: string,
): Tensor | undefined {
  const [storage, offset, shape, strides] = args;
  if (!(storage instanceof Storage) || !isCount(offset) || !isCounts(shape) || !isCounts(strides)) {
    return undefined;
  }
  const own = dtype instanceof Global ? ELEMENTS.get(dtype.path.replace(/^torch\./, "")) : storage.type;
  const type = how === "_rebuild_qtensor" ? element("quantized", storage.type.bytes) : own;
  if (type === undefined || strides.length !== shape.length) return undefined;
  return new Tensor(storage, type, offset, shape, strides);
}

/**
 * `("storage", type, key, device, numbers)`, and before PyTorch 1.6 with the part that a view has; `("module", class,
 * file, source)` stands for the class.
 */
function persistent(id: PickleValue, storages: Map<string, Storage>): PickleValue | undefined {
  if (!Array.isArray(id)) return undefined;
  const [word, type, key, , length] = id;
  if (word === "module") return type;
  if (word !== "storage" || !(type instanceof Global) || !isCount(length)) return undefined;
  const name = /^torch\.(?:cuda\.|storage\.)?(\w+)$/.exec(type.path)?.[1] ?? "";
  const elements = name === "UntypedStorage" ? UNTYPED : ELEMENTS.get(name);
  if (elements === undefined) return undefined;
  const text = String(typeof key === "string" || typeof key === "number" ? key : "");
  const before = storages.get(text);
  if (before?.type === elements && before.length === length) return before;
  const storage = new Storage(text, elements, length);
  storages.set(text, storage);
  return storage;
}

function isCount(value: PickleValue | undefined): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isCounts(value: PickleValue | undefined): value is number[] {
  return Array.isArray(value) && value.length <= 16 && value.every(isCount);
}

/** Bytes that Python 3 writes as a text of protocol 2. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
