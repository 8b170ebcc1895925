import { expect, test } from "vitest";
import { WeightsError } from "../../../src/errors.ts";
import { openCheckpoint } from "../../../src/model/readers/open-checkpoint.ts";
import { writeSafetensors } from "../../../src/model/safetensors.ts";
import { bytesSource } from "../../../src/model/source.ts";
import { rawSafetensors } from "../checkpoints.ts";

async function refusal(bytes: Uint8Array): Promise<string> {
  const error: unknown = await openCheckpoint(bytesSource("file", bytes)).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(WeightsError);
  expect((error as WeightsError).remedy).toBeTruthy();
  return (error as WeightsError).message;
}

test("a checkpoint lists names, shapes and types, and reads a tensor when asked", async () => {
  const data = Float32Array.of(1, 2, 3, 4);
  const file = writeSafetensors({ b: { shape: [2, 2], data }, a: { shape: [4], data } }, { classes: "x" });
  const reads: number[] = [];
  const source = bytesSource("net", file);
  const checkpoint = await openCheckpoint({
    ...source,
    read: (begin, end) => {
      reads.push(end - begin);
      return source.read(begin, end);
    },
  });
  expect(checkpoint).toMatchObject({ name: "net", format: "safetensors", metadata: { classes: "x" } });
  expect(checkpoint.tensors).toEqual(
    new Map([
      ["a", { shape: [4], type: "F32" }],
      ["b", { shape: [2, 2], type: "F32" }],
    ]),
  );
  const before = reads.length;
  expect(await checkpoint.read("b")).toEqual(data);
  expect(reads.slice(before)).toEqual([16]);
  await expect(checkpoint.read("c")).rejects.toThrow('net: tensor "c" is missing');
});

test("numbers of 64 bits are read, and those that float32 cannot hold are told", async () => {
  const header = '{"w":{"dtype":"F64","shape":[2],"data_offsets":[0,16]}}';
  const file = (numbers: number[]): Uint8Array =>
    rawSafetensors(header, new Uint8Array(Float64Array.from(numbers).buffer));
  const read = async (numbers: number[]): Promise<Float32Array> =>
    (await openCheckpoint(bytesSource("net", file(numbers)))).read("w");
  expect(await read([0.1, -Infinity])).toEqual(Float32Array.of(0.1, -Infinity));
  await expect(read([1, -1e300])).rejects.toThrow('net: tensor "w" holds -1e+300, which float32 cannot hold');
});

const text = (start: string): Uint8Array => new TextEncoder().encode(start);
test.each([
  ["nothing", new Uint8Array(), /got an empty file/],
  ["a page", text("\n<!DOCTYPE html><title>404</title>"), /got an HTML page/],
  ["a pointer", text("version https://git-lfs.github.com/spec/v1\noid sha256:1"), /got a Git LFS pointer/],
  ["an image", Uint8Array.of(0xff, 0xd8, 0xff, 0xe0), /got an image/],
  ["a gzip archive", Uint8Array.of(0x1f, 0x8b, 8, 0), /got a gzip archive/],
  ["JSON", text('[{"name": "x"}]'), /got JSON/],
  ["anything else", Uint8Array.of(1, 2, 3), /another kind \(it begins 01 02 03\)/],
])("%s is refused by what it is", async (_, bytes, reason) => {
  expect(await refusal(bytes)).toMatch(reason);
});
