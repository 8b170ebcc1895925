import { expect, test } from "vitest";
import { WeightsError } from "../../src/errors.ts";
import { type ByteSource, blobSource, bytesSource } from "../../src/model/source.ts";

const bytes = Uint8Array.from({ length: 100 }, (_, i) => i);
const sources: readonly (readonly [string, ByteSource])[] = [
  ["bytes", bytesSource("a file", bytes)],
  // A view into something larger, as file readers return.
  ["a view", bytesSource("a file", Uint8Array.of(9, 9, 9, ...bytes, 9).subarray(3, 103))],
  ["a blob", blobSource(new Blob([bytes]), "a file")],
];

test.each(sources)("%s: any part, in memory of its own", async (_, source) => {
  expect(source.size).toBe(100);
  const part = await source.read(10, 14);
  expect([...part]).toEqual([10, 11, 12, 13]);
  part.fill(0);
  expect([...(await source.read(10, 14))]).toEqual([10, 11, 12, 13]);
  expect(await source.read(100, 100)).toHaveLength(0);
});

test.each(sources)("%s: nothing outside", async (_, source) => {
  for (const [begin, end] of [
    [99, 101],
    [-1, 5],
    [6, 5],
    [NaN, 5],
    [0, Infinity],
  ] as const) {
    const error: unknown = await source.read(begin, end).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(WeightsError);
    expect((error as WeightsError).message).toMatch(/^a file: bytes .* the file has 100$/);
  }
});

test("a file goes by its name", () => {
  expect(blobSource(new File([bytes], "vgg.safetensors")).name).toBe("vgg.safetensors");
});

test("a large part of a file, in memory of its own; where blobs are no streams of bytes too", async () => {
  const large = Uint8Array.from({ length: (1 << 24) + 70_001 }, (_, i) => (i * 2654435761) >>> 13);
  const file = new File([large], "large");
  const plain = new File([large], "large");
  Object.defineProperty(plain, "slice", {
    value: (begin: number, end: number) =>
      Object.defineProperty(file.slice(begin, end), "stream", {
        value: () => ({
          getReader: () => {
            throw new TypeError("no stream of bytes");
          },
        }),
      }),
  });
  for (const one of [file, plain]) {
    const got = await blobSource(one).read(3, large.length - 1);
    expect(got.byteOffset).toBe(0);
    expect(Buffer.compare(got, large.subarray(3, large.length - 1))).toBe(0);
  }
});
