/** Converts the two 16-bit float formats of checkpoints to float32. Every value of both is exact there. */

/** IEEE 754 binary16 to float32. `halves` and the result are little-endian, as every WebGPU machine is. */
export function float16ToFloat32(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const floats = new Float32Array(halves.length);
  const bits = new Uint32Array(floats.buffer);
  for (let i = 0; i < halves.length; i++) {
    const half = halves[i] as number;
    const sign = (half & 0x8000) << 16;
    const exponent = (half >> 10) & 31;
    const mantissa = half & 1023;
    if (exponent === 0) {
      // Zero and subnormals: mantissa · 2⁻²⁴ is exact in float32, where none of them is subnormal.
      floats[i] = (sign === 0 ? mantissa : -mantissa) / 0x1000000;
    } else {
      // Rebias 15 → 127; the top exponent (infinity, NaN) maps to the top exponent.
      bits[i] = sign | ((exponent === 31 ? 255 : exponent + 112) << 23) | (mantissa << 13);
    }
  }
  return floats;
}

/** bfloat16 to float32: the upper half of the same bits. */
export function bfloat16ToFloat32(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const floats = new Float32Array(halves.length);
  const bits = new Uint32Array(floats.buffer);
  for (let i = 0; i < halves.length; i++) bits[i] = (halves[i] as number) << 16;
  return floats;
}
