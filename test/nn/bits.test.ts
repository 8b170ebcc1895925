import { expect, test } from "vitest";
import { poolBitsBytes, reluBitsBytes } from "../../src/nn/bits.ts";
import { positiveBits } from "../reference/bits.ts";
import { type Shape4, sizeOf, tensor } from "../reference/tensor.ts";

const SIDES = [1, 3, 4, 5, 7, 8, 9, 16, 17] as const;

test("bits of a ReLU take as many words as the twin packs", () => {
  for (const channels of [1, 3, 4, 5]) {
    for (const height of [1, 2, 3]) {
      for (const width of SIDES) {
        const shape: Shape4 = [2, channels, height, width];
        const { byteLength } = positiveBits(tensor(shape, new Float32Array(sizeOf(shape))));
        expect(reluBitsBytes(2, { channels, height, width })).toBe(byteLength);
      }
    }
  }
});

test.each([
  // Two bits a winner: 4 channels × 4 pooled pixels of a row are a word of 32.
  [{ channels: 4, height: 2, width: 8 }, 4],
  [{ channels: 5, height: 2, width: 8 }, 8],
  [{ channels: 4, height: 3, width: 9 }, 4],
  [{ channels: 4, height: 4, width: 10 }, 16],
  [{ channels: 1, height: 1, width: 8 }, 0],
])("winners of %j take %i bytes an image", (input, bytes) => {
  expect(poolBitsBytes(1, input)).toBe(bytes);
  expect(poolBitsBytes(3, input)).toBe(3 * bytes);
});
