/** NumPy's arrays in a pickle: what would be called to make one, read as data. */
import { WeightsError } from "../../errors.ts";
import { numpyType, swapBytes } from "./numpy-type.ts";
import { Global, type PickleValue, Thing } from "./pickle.ts";
import { columnStrides, rowStrides } from "./strided.ts";
import type { TorchTensor } from "./torch-tensors.ts";
import { bytesOf } from "./torch-values.ts";

/** Undefined for anything else. */
export function numpyArray(value: PickleValue): TorchTensor | undefined {
  if (!(value instanceof Thing) || !(value.of instanceof Global)) return undefined;
  const [, made] =
    /^numpy\.(?:_?core\.)?(?:multiarray|numeric)\.(_reconstruct|_frombuffer)$/.exec(value.of.path) ?? [];
  if (made === undefined) return undefined;
  const parts = made === "_reconstruct" ? value.state : value.args;
  if (!Array.isArray(parts)) return undefined;
  // (version, shape, type, whether columns come first, bytes), or (bytes, type, shape, order).
  const [shape, type, columns, raw] =
    made === "_reconstruct" ? parts.slice(1) : [parts[2], parts[1], parts[3] === "F", parts[0]];
  const descr = typeDescription(type);
  if (!isShape(shape) || !(raw instanceof Uint8Array || typeof raw === "string") || descr === undefined)
    return undefined;
  const number = numpyType(descr);
  if (number === undefined) return undefined;
  return {
    type: number.type,
    shape,
    strides: columns === true ? columnStrides(shape) : rowStrides(shape),
    offset: 0,
    length: Math.floor(raw.length / number.bytes),
    async bytes(begin, end) {
      if (end > raw.length) {
        throw new WeightsError(`a NumPy array expects ${end} bytes, got ${raw.length}`);
      }
      const own = raw.slice(begin, end);
      const part = typeof own === "string" ? bytesOf(own) : new Uint8Array(own);
      if (number.bigEndian) swapBytes(part, number.bytes);
      return part;
    },
  };
}

/** `<f4` of `numpy.dtype("f4")` and its state, whose second entry is the order of bytes. */
function typeDescription(value: PickleValue | undefined): string | undefined {
  if (!(value instanceof Thing) || !(value.of instanceof Global) || value.of.path !== "numpy.dtype") {
    return undefined;
  }
  const name = Array.isArray(value.args) ? value.args[0] : undefined;
  const order = Array.isArray(value.state) ? value.state[1] : "<";
  return typeof name === "string" && typeof order === "string" ? `${order}${name}` : undefined;
}

function isShape(value: PickleValue | undefined): value is number[] {
  return (
    Array.isArray(value) &&
    value.length <= 32 &&
    value.every((n) => typeof n === "number" && Number.isSafeInteger(n) && n >= 0)
  );
}
