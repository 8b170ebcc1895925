/** Files that are damaged or made to harm: each is refused by a typed error, or opens. */
import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import { WeightsError } from "../../../src/errors.ts";
import { openHdf5 } from "../../../src/model/hdf5/file.ts";
import { parseModel } from "../../../src/model/keras/config.ts";
import { graphOfKeras } from "../../../src/model/keras/graph.ts";
import { openCheckpoint } from "../../../src/model/readers/open-checkpoint.ts";
import { type ByteSource, bytesSource } from "../../../src/model/source.ts";

const folder = new URL("../../fixtures/keras/", import.meta.url);
const read = async (name: string): Promise<Uint8Array> =>
  new Uint8Array(await readFile(new URL(name, folder)));
/** The variable makes more of them. */
const RUNS = Number(process.env["ASCENT_HOSTILE_FILES"] ?? 1000);

/** Opens a file and reads all of it. Anything but a WeightsError fails the test. */
async function readAll(source: ByteSource): Promise<boolean> {
  try {
    const checkpoint = await openCheckpoint(source);
    for (const name of checkpoint.tensors.keys()) await checkpoint.read(name);
    return true;
  } catch (error) {
    if (!(error instanceof WeightsError)) throw error;
    expect(error.message).toContain("file");
    expect(error.remedy).toBeTruthy();
    return false;
  }
}

/** Counts how much one read asks for at most, which bounds what is allocated. */
function measured(bytes: Uint8Array): { readonly source: ByteSource; readonly most: () => number } {
  const inner = bytesSource("file", bytes);
  let most = 0;
  return {
    source: {
      ...inner,
      read: (a, b) => {
        most = Math.max(most, b - a);
        return inner.read(a, b);
      },
    },
    most: () => most,
  };
}

test("a thousand damaged files", { timeout: 300_000 }, async () => {
  const files = await Promise.all(
    ["sequential.h5", "packed.h5", "keras3.weights.h5", "functional.keras"].map(read),
  );
  const change = fc.record({
    at: fc.oneof(fc.nat({ max: 4096 }), fc.nat({ max: 60_000 })),
    to: fc.oneof(fc.constantFrom(0, 1, 2, 255, 254, 127, 128), fc.nat({ max: 255 })),
    width: fc.constantFrom(1, 1, 2, 4, 8),
  });
  let refused = 0;
  let slowest = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.nat({ max: files.length - 1 }),
      fc.array(change, { minLength: 1, maxLength: 12 }),
      fc.option(fc.integer({ min: 8, max: 60_000 }), { nil: undefined, freq: 5 }),
      async (which, changes, cut) => {
        const file = files[which] as Uint8Array;
        const bytes = file.slice(0, cut ?? file.length);
        for (const { at, to, width } of changes) bytes.fill(to, at % file.length, (at % file.length) + width);
        bytes.set(file.subarray(0, 8));
        const { source, most } = measured(bytes);
        const begin = performance.now();
        if (!(await readAll(source))) refused += 1;
        slowest = Math.max(slowest, performance.now() - begin);
        expect(most()).toBeLessThanOrEqual(bytes.length);
      },
    ),
    { numRuns: RUNS },
  );
  expect(refused).toBeGreaterThan(RUNS / 10);
  expect(slowest).toBeLessThan(5000);
  expect(Object.keys(Object.prototype)).toEqual([]);
});

/** Numbers of the file that decide how much is read, each set to the worst. */
test("every 8 bytes of the structure, set to zero, to all ones and to a large number", {
  timeout: 300_000,
}, async () => {
  const file = await read("keras3.weights.h5");
  for (let at = 8; at + 8 <= Math.min(file.length, 6000); at += 8) {
    for (const value of [0n, 2n ** 64n - 1n, 2n ** 40n, BigInt(at)]) {
      const bytes = file.slice();
      new DataView(bytes.buffer).setBigUint64(at, value, true);
      await readAll(bytesSource("file", bytes));
    }
  }
});

test("a tree that points at itself, and groups that hold each other", async () => {
  const file = await read("sequential.h5");
  const text = new TextDecoder("latin1").decode(file);
  for (let at = text.indexOf("TREE"); at >= 0; at = text.indexOf("TREE", at + 1)) {
    const bytes = file.slice();
    const view = new DataView(bytes.buffer);
    view.setUint8(at + 5, 1);
    view.setBigUint64(at + 32, BigInt(at), true);
    const isEmpty = view.getUint16(at + 6, true) === 0;
    expect(await readAll(bytesSource("file", bytes))).toBe(isEmpty);
  }
  for (let at = text.indexOf("SNOD"); at >= 0; at = text.indexOf("SNOD", at + 1)) {
    const bytes = file.slice();
    // Its first entry's object is the root.
    bytes.set(file.subarray(64, 72), at + 16);
    await readAll(bytesSource("file", bytes));
  }
});

test("chunks that are larger than what they hold", async () => {
  const file = await read("packed.h5");
  const view = new DataView(file.buffer);
  // Layout messages of version 3, chunked: after 10 bytes of version, class, rank and address come the sides.
  let found = 0;
  for (let at = 0; at + 32 < file.length; at++) {
    if (file[at] !== 3 || file[at + 1] !== 2 || file[at + 2] !== 2 || view.getUint32(at + 15, true) !== 4)
      continue;
    view.setUint32(at + 11, 4_000_000, true);
    found += 1;
  }
  expect(found).toBeGreaterThan(3);
  const { tensors, read: numbers } = await openCheckpoint(bytesSource("file", file));
  expect(tensors.has("conv2d/bias:0")).toBe(true);
  await expect(numbers("conv2d/bias:0")).rejects.toThrow(/its chunks are \(4000000\), larger than it/);
});

const none = { all: [], listed: () => ({ layers: [], complete: false }), ofLayer: () => new Map() };

/** Configurations of any shape, with the words that a reader looks for. */
const words = fc.constantFrom(
  ..."class_name config layers name Sequential Functional Conv2D Dense InputLayer Add inbound_nodes kernel_size strides".split(
    " ",
  ),
  ..."padding same activation relu batch_input_shape __proto__ constructor prototype keras_history args pool_size Flatten".split(
    " ",
  ),
);
const json = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 6, withCrossShrink: true },
    words,
    fc.integer(),
    fc.constant(null),
    fc.boolean(),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.array(fc.tuple(words, tie("value")), { maxLength: 5 }).map((entries) => Object.fromEntries(entries)),
  ),
}));

test("a thousand configurations", () => {
  const layer = fc.record(
    { class_name: words, config: json.value, inbound_nodes: json.value },
    { requiredKeys: ["class_name"] },
  );
  const model = fc.record({
    class_name: fc.constantFrom("Sequential", "Functional"),
    config: fc.oneof(json.value, fc.record({ layers: fc.array(layer, { maxLength: 6 }) })),
  });
  fc.assert(
    fc.property(model, (given) => {
      try {
        graphOfKeras(parseModel("file", JSON.stringify(given)), none);
      } catch (error) {
        expect(error).toBeInstanceOf(WeightsError);
      }
    }),
    { numRuns: RUNS },
  );
  expect(({} as Record<string, unknown>)["class_name"]).toBeUndefined();
});

test("a configuration that nests without end", () => {
  const deep = (depth: number): string => '{"class_name":"Sequential","config":{"layers":['.repeat(depth);
  const closed = deep(100_000) + "]}}".repeat(100_000);
  expect(() => parseModel("file", closed)).toThrow(WeightsError);
  expect(() => parseModel("file", deep(10))).toThrow(/is no JSON/);
});

test("a file of another kind, and one that is cut", async () => {
  await expect(openHdf5(bytesSource("file", new Uint8Array(200)))).rejects.toThrow(/is no HDF5 file/);
  const file = await read("sequential.h5");
  await expect(openHdf5(bytesSource("file", file.slice(0, 90)))).rejects.toThrow(/too short/);
  const cut = await openCheckpoint(bytesSource("file", file.slice(0, 12_000))).catch(
    (error: unknown) => error,
  );
  expect(cut).toBeInstanceOf(WeightsError);
});
