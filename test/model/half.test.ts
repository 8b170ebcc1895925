import { getFloat16 } from "@petamoriken/float16";
import { expect, test } from "vitest";
import { bfloat16ToFloat32, float16ToFloat32 } from "../../src/model/half.ts";

const everyPattern = Uint16Array.from({ length: 65536 }, (_, i) => i);

test("all 65,536 float16 patterns decode as another implementation's do", () => {
  const view = new DataView(everyPattern.buffer);
  const expected = Array.from(everyPattern, (_, i) => getFloat16(view, 2 * i, true));
  const decoded = float16ToFloat32(everyPattern);
  const wrong = expected.findIndex((value, i) => !Object.is(value, decoded[i]));
  expect(wrong, `pattern ${wrong}`).toBe(-1);
});

test("all 65,536 bfloat16 patterns decode as sign · 2^(e−127) · 1.m", () => {
  const decoded = bfloat16ToFloat32(everyPattern);
  const wrong = everyPattern.findIndex((pattern, i) => {
    const sign = pattern >= 0x8000 ? -1 : 1;
    const exponent = Math.floor(pattern / 128) % 256;
    const mantissa = (pattern % 128) / 128;
    const finite = exponent === 0 ? mantissa * 2 ** -126 : (1 + mantissa) * 2 ** (exponent - 127);
    const special = mantissa === 0 ? sign * Infinity : NaN;
    return !Object.is(decoded[i], exponent === 255 ? special : sign * finite);
  });
  expect(wrong, `pattern ${wrong}`).toBe(-1);
});
