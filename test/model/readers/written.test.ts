/** Files that PyTorch and NumPy wrote (`test/fixtures/checkpoints.py`) give the numbers that were written. */
import { readFileSync } from "node:fs";
import { unzipSync, zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { openCheckpoint } from "../../../src/model/readers/open-checkpoint.ts";
import { bytesSource } from "../../../src/model/source.ts";

interface Written {
  readonly name: string;
  readonly file: string;
  readonly tensors: Readonly<
    Record<string, { readonly shape: readonly number[]; readonly numbers: number[] }>
  >;
}

const text = readFileSync(new URL("../../fixtures/checkpoints.json", import.meta.url), "utf8");
const written = JSON.parse(text) as readonly Written[];
const bytesOf = (name: string): Uint8Array =>
  new Uint8Array(Buffer.from(written.find((one) => one.name === name)?.file ?? "", "base64"));

async function expectTensors(bytes: Uint8Array, tensors: Written["tensors"]): Promise<void> {
  const checkpoint = await openCheckpoint(bytesSource("file", bytes));
  const floats = [...checkpoint.tensors].filter(([, { type }]) => /^B?F/.test(type)).map(([name]) => name);
  expect(floats.sort()).toEqual(Object.keys(tensors).sort());
  for (const [name, { shape, numbers }] of Object.entries(tensors)) {
    expect(checkpoint.tensors.get(name)?.shape).toEqual(shape);
    expect(await checkpoint.read(name)).toEqual(Float32Array.from(numbers));
  }
}

test.each(written)("$name", async ({ file, tensors }) => {
  await expectTensors(new Uint8Array(Buffer.from(file, "base64")), tensors);
});

describe("of a checkpoint with an optimizer and other objects", () => {
  test("only the weights are listed, and texts become metadata", async () => {
    const checkpoint = await openCheckpoint(bytesSource("file", bytesOf("checkpoint")));
    expect([...checkpoint.tensors.keys()].every((name) => name.startsWith("state_dict."))).toBe(true);
    expect(checkpoint.metadata).toEqual({ arch: "vgg11", classes: '["cat","dog"]' });
    expect(checkpoint.tensors.get("state_dict.counter")).toEqual(
      expect.objectContaining({ type: "I64", shape: [] }),
    );
    await expect(checkpoint.read("state_dict.counter")).rejects.toThrow(
      /expects F64, F32, F16 or BF16, got I64/,
    );
  });
});

test("a zip whose members were deflated gives the same", async () => {
  const packed = zipSync(unzipSync(bytesOf("zip")), { level: 6 });
  await expectTensors(packed, written.find(({ name }) => name === "zip")?.tensors ?? {});
});

test("only the bytes of the tensor that is asked for are read", async () => {
  const source = bytesSource("file", bytesOf("zip"));
  const reads: number[] = [];
  const checkpoint = await openCheckpoint({
    ...source,
    read(begin, end) {
      reads.push(end - begin);
      return source.read(begin, end);
    },
  });
  reads.length = 0;
  await checkpoint.read("state_dict.a.weight").catch(() => undefined);
  await checkpoint.read("a.weight");
  expect(reads).toEqual([30, 4 * 54]);
  await checkpoint.read("part");
  // Rows 1 and 2, columns 2 to 4 of 4×6: from number 8 to number 16.
  expect(reads.slice(2)).toEqual([30, 4 * 9]);
});
