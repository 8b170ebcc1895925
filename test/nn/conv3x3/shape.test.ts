import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  type ConvShape,
  convFlops,
  convOutputSize,
  correlation,
  correlationBytes,
  correlationFlops,
  transposed,
} from "../../../src/nn/conv3x3.ts";

const side = fc.integer({ min: 3, max: 9 });
const count = fc.integer({ min: 1, max: 5 });
const shapes: fc.Arbitrary<ConvShape> = fc.record({
  batch: count,
  inputChannels: count,
  inputHeight: side,
  inputWidth: side,
  outputChannels: count,
  padding: fc.constantFrom(0 as const, 1 as const),
});

test("a border of 1 keeps the size, none loses a pixel on each side", () => {
  const shape = { batch: 1, inputChannels: 3, inputHeight: 5, inputWidth: 7, outputChannels: 4 };
  expect(convOutputSize({ ...shape, padding: 1 })).toEqual([5, 7]);
  expect(convOutputSize({ ...shape, padding: 0 })).toEqual([3, 5]);
});

test("backward goes from the output's shape to the input's, and back again is forward", () => {
  fc.assert(
    fc.property(shapes, (shape) => {
      const [forward, backward] = [correlation(shape, "forward"), correlation(shape, "backward_input")];
      expect(transposed(forward)).toEqual(backward);
      expect(transposed(backward)).toEqual(forward);
      expect(backward.outputHeight).toBe(shape.inputHeight);
      expect(backward.outputChannels).toBe(shape.inputChannels);
      // Of a correlation with a border: as many rows as there are places for three.
      expect(backward.outputHeight).toBe(backward.inputHeight + 2 * backward.pad - 2);
    }),
  );
});

test("both passes count nine products and sums for each output position and pair of channels", () => {
  fc.assert(
    fc.property(shapes, (shape) => {
      const [height, width] = convOutputSize(shape);
      const products = 9 * shape.batch * shape.inputChannels * shape.outputChannels * height * width;
      for (const pass of ["forward", "backward_input"] as const) {
        expect(correlationFlops(correlation(shape, pass))).toBe(2 * products);
      }
      expect(convFlops(shape)).toBe(2 * products);
    }),
  );
});

test("bytes are those of both maps and the weights; a pooled output is a quarter, odd rows and columns lost", () => {
  const shape: ConvShape = {
    batch: 2,
    inputChannels: 3,
    inputHeight: 5,
    inputWidth: 7,
    outputChannels: 4,
    padding: 1,
  };
  const pass = correlation(shape, "forward");
  const [x, y, weights] = [2 * 3 * 35, 2 * 4 * 35, 9 * 3 * 4];
  expect(correlationBytes(pass)).toBe(4 * (x + y + weights));
  expect(correlationBytes(pass, true)).toBe(4 * (x + 2 * 4 * 2 * 3 + weights));
});
