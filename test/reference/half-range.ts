/** How numbers are brought into the range of half precision (IEEE 754 binary16). */
import { packBackwardInput, packForward } from "./pack.ts";

/** Largest magnitude of each of 64 interleaved parts of 256 numbers a block, as the bits of a float32. */
export function rangeOf(values: Float32Array): Uint32Array {
  const largest = new Float32Array(64);
  values.forEach((value, i) => {
    const part = Math.floor(i / 256) % 64;
    largest[part] = Math.max(largest[part]!, Math.abs(value));
  });
  return new Uint32Array(largest.buffer);
}

/** The power of two that brings the largest magnitude, unless it is 0, to 2⁵ … 2⁶. */
export function halfScale(values: Float64Array): number {
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return 2 ** (5 - Math.floor(Math.log2(largest)));
}

/** `packForward` of the scaled weights. */
export function packForwardHalf(weight: Float64Array, outputs: number, inputs: number): Float64Array {
  const scale = halfScale(weight);
  return packForward(
    weight.map((value) => value * scale),
    outputs,
    inputs,
  );
}

/** `packBackwardInput` of the scaled weights. */
export function packBackwardInputHalf(weight: Float64Array, outputs: number, inputs: number): Float64Array {
  const scale = halfScale(weight);
  return packBackwardInput(
    weight.map((value) => value * scale),
    outputs,
    inputs,
  );
}
