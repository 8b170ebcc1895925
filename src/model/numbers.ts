/** Converts the floating-point numbers of checkpoints to float32. */
import { WeightsError } from "../errors.ts";
import type { ReadableType } from "./checkpoint.ts";
import { bfloat16ToFloat32, float16ToFloat32 } from "./half.ts";

export const BYTES_PER_NUMBER: Readonly<Record<ReadableType, number>> = { F64: 8, F32: 4, F16: 2, BF16: 2 };

/**
 * Little-endian numbers as float32: exactly, or F64 to the nearest. F32 stays in the memory it is in.
 * @param what begins a message: the file and the tensor
 * @throws WeightsError where a finite F64 is larger than float32 holds
 */
export function toFloat32(
  what: string,
  bytes: Uint8Array<ArrayBuffer>,
  type: ReadableType,
): Float32Array<ArrayBuffer> {
  const size = BYTES_PER_NUMBER[type];
  const { buffer, byteOffset } = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  const count = Math.floor(bytes.length / size);
  switch (type) {
    case "F32":
      return new Float32Array(buffer, byteOffset, count);
    case "F16":
      return float16ToFloat32(new Uint16Array(buffer, byteOffset, count));
    case "BF16":
      return bfloat16ToFloat32(new Uint16Array(buffer, byteOffset, count));
    case "F64":
      return float64ToFloat32(what, new Float64Array(buffer, byteOffset, count));
  }
}

function float64ToFloat32(what: string, doubles: Float64Array): Float32Array<ArrayBuffer> {
  const floats = new Float32Array(doubles);
  for (let i = 0; i < floats.length; i++) {
    if (Number.isFinite(floats[i]) || !Number.isFinite(doubles[i])) continue;
    throw new WeightsError(`${what} holds ${doubles[i]}, which float32 cannot hold`, {
      remedy: "the checkpoint is damaged or its training diverged; use another",
    });
  }
  return floats;
}
