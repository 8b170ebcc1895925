/** ONNX' files that are damaged or made to harm: each is refused by a typed error, or opens. */
import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { PbfWriter } from "pbf";
import { expect, test } from "vitest";
import { WeightsError } from "../../../src/errors.ts";
import { openModel } from "../../../src/model/model.ts";
import { openCheckpoint } from "../../../src/model/readers/open-checkpoint.ts";
import { type ByteSource, bytesSource } from "../../../src/model/source.ts";

const folder = new URL("../../fixtures/onnx/", import.meta.url);
const read = async (name: string): Promise<Uint8Array> =>
  new Uint8Array(await readFile(new URL(name, folder)));
/** The variable makes more of them. */
const RUNS = Number(process.env["ASCENT_HOSTILE_FILES"] ?? 1000);

/** Opens a file and reads all of it. Anything but a WeightsError fails the test. */
async function readAll(source: ByteSource): Promise<boolean> {
  try {
    const checkpoint = await openCheckpoint(source, async () => bytesSource("beside", new Uint8Array(500)));
    for (const name of checkpoint.tensors.keys()) await checkpoint.read(name);
    await openModel(source, { preprocess: "unit" });
    return true;
  } catch (error) {
    if (!(error instanceof WeightsError)) throw error;
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
  const names = ["exported.onnx", "viewed.onnx", "channels-last.onnx", "halves.onnx", "external.onnx"];
  const files = await Promise.all(names.map(read));
  const change = fc.record({
    at: fc.nat({ max: 5000 }),
    to: fc.oneof(fc.constantFrom(0, 1, 2, 255, 254, 127, 128), fc.nat({ max: 255 })),
    width: fc.constantFrom(1, 1, 2, 4, 8),
  });
  let refused = 0;
  let slowest = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.nat({ max: files.length - 1 }),
      fc.array(change, { minLength: 1, maxLength: 12 }),
      fc.option(fc.integer({ min: 8, max: 5000 }), { nil: undefined, freq: 5 }),
      async (which, changes, cut) => {
        const file = files[which] as Uint8Array;
        const bytes = file.slice(0, cut ?? file.length);
        for (const { at, to, width } of changes) bytes.fill(to, at % file.length, (at % file.length) + width);
        bytes.set(file.subarray(0, 3));
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

/** A message as anybody could write it: any field of any type, messages within messages. */
interface Field {
  readonly tag: number;
  readonly value: number | string | Uint8Array | readonly Field[];
}

function message(fields: readonly Field[]): Uint8Array {
  const writer = new PbfWriter();
  for (const { tag, value } of fields) {
    if (typeof value === "number") writer.writeVarintField(tag, value);
    else if (typeof value === "string") writer.writeStringField(tag, value);
    else writer.writeBytesField(tag, value instanceof Uint8Array ? value : message(value));
  }
  return writer.finish().slice();
}

const words = fc.constantFrom(
  ..."Conv Gemm MatMul Add Relu MaxPool BatchNormalization Flatten Reshape Constant Identity Transpose Pad".split(
    " ",
  ),
  ..."Clip Squeeze ReduceMean x y w b a __proto__ constructor value pads kernel_shape strides perm location".split(
    " ",
  ),
  ..."../../etc/passwd /x C:\\x https://host/x offset length auto_pad SAME_UPPER".split(" "),
);
const bytes = fc.uint8Array({ maxLength: 40 });
const field = fc.letrec<{ field: Field }>((tie) => ({
  field: fc.record({
    tag: fc.oneof(fc.integer({ min: 1, max: 16 }), fc.constantFrom(20, 100)),
    value: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      words,
      fc.oneof(fc.integer({ min: 0, max: 20 }), fc.constantFrom(-1, 2 ** 31, 2 ** 40, 2 ** 53)),
      bytes,
      fc.array(tie("field"), { maxLength: 6 }),
    ),
  }),
}));
const node = fc.record({
  op: words,
  inputs: fc.array(words, { maxLength: 4 }),
  outputs: fc.array(words, { maxLength: 2 }),
  more: fc.array(field.field, { maxLength: 2 }),
});
const tensor = fc.record({
  name: words,
  dims: fc.array(fc.oneof(fc.integer({ min: 0, max: 4 }), fc.constantFrom(-1, 2 ** 20, 2 ** 45)), {
    maxLength: 4,
  }),
  type: fc.integer({ min: 0, max: 20 }),
  more: fc.array(field.field, { maxLength: 3 }),
});
const graphs = fc.record({
  nodes: fc.array(node, { maxLength: 6 }),
  tensors: fc.array(tensor, { maxLength: 4 }),
  more: fc.array(field.field, { maxLength: 3 }),
});

test("a thousand files of fields of any kind", { timeout: 300_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(
      graphs,
      fc.array(field.field, { maxLength: 2 }),
      async ({ nodes, tensors, more }, others) => {
        const text = (tag: number) => (value: string) => ({ tag, value });
        const graph: Field[] = [
          ...nodes.map(({ op, inputs, outputs, more: rest }) => ({
            tag: 1,
            value: [...inputs.map(text(1)), ...outputs.map(text(2)), { tag: 4, value: op }, ...rest],
          })),
          ...tensors.map(({ name, dims, type, more: rest }) => ({
            tag: 5,
            value: [
              ...dims.map((value) => ({ tag: 1, value })),
              { tag: 2, value: type },
              { tag: 8, value: name },
              ...rest,
            ],
          })),
          { tag: 11, value: [{ tag: 1, value: "x" }] },
          ...more,
        ];
        await readAll(
          bytesSource("file", message([{ tag: 1, value: 8 }, { tag: 7, value: graph }, ...others])),
        );
      },
    ),
    { numRuns: RUNS },
  );
  expect(({} as Record<string, unknown>)["value"]).toBeUndefined();
});

test("numbers that claim more than is there, and files of nothing but fields, take no memory", async () => {
  const opened = (fields: readonly Field[]) =>
    openCheckpoint(bytesSource("file", message([{ tag: 1, value: 8 }, ...fields])));
  const many: Field[] = Array.from({ length: 250_000 }, () => ({ tag: 4, value: 1 }));
  await expect(opened([{ tag: 7, value: many }])).rejects.toThrow(/more memory than that of any network/);
  const claim = [
    ...[2 ** 20, 2 ** 20].map((value) => ({ tag: 1, value })),
    { tag: 2, value: 1 },
    { tag: 9, value: "abcd" },
  ];
  await expect(opened([{ tag: 7, value: [{ tag: 5, value: claim }] }])).rejects.toThrow(
    /expects 4398046511104 bytes, got 4/,
  );
  const elsewhere = ["location", "../secret"].map((value, i) => ({ tag: i + 1, value }));
  const outside = [
    { tag: 1, value: 1 },
    { tag: 2, value: 1 },
    { tag: 13, value: elsewhere },
    { tag: 14, value: 1 },
  ];
  const file = message([
    { tag: 1, value: 8 },
    {
      tag: 7,
      value: [
        { tag: 5, value: outside },
        { tag: 11, value: [{ tag: 1, value: "x" }] },
      ],
    },
  ]);
  await expect(openModel(bytesSource("file", file), { preprocess: "unit" })).rejects.toThrow(
    /expected the name of a file beside it, got "\.\.\/secret"/,
  );
});
