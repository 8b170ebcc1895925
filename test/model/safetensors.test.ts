import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { WeightsError } from "../../src/errors.ts";
import { readHeader, readTensor, type Tensor, writeSafetensors } from "../../src/model/safetensors.ts";
import { bytesSource } from "../../src/model/source.ts";
import { rawSafetensors } from "./checkpoints.ts";

const open = (bytes: Uint8Array): ReturnType<typeof readHeader> => readHeader(bytesSource("file", bytes));

/** The message of the WeightsError that this file must cause. */
async function refusal(bytes: Uint8Array): Promise<string> {
  const error: unknown = await open(bytes).then(
    () => "the file was accepted",
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(WeightsError);
  expect((error as WeightsError).remedy).toBeTruthy();
  return (error as WeightsError).message;
}

describe("a file written by hand from the format's description", () => {
  const header =
    '{"__metadata__":{"k":"v"},"b":{"dtype":"BF16","shape":[2],"data_offsets":[8,12]},' +
    '"a":{"dtype":"F16","shape":[2,2],"data_offsets":[0,8]},"s":{"dtype":"F32","shape":[],"data_offsets":[12,16]}}  ';
  // 1, -2, 0.5, 65504 | 1, -3 | 0.1f
  const data = Uint8Array.from([
    0, 0x3c, 0, 0xc0, 0, 0x38, 0xff, 0x7b, 0x80, 0x3f, 0x40, 0xc0, 0xcd, 0xcc, 0xcc, 0x3d,
  ]);
  const source = bytesSource("file", rawSafetensors(header, data));

  test("is read as it says", async () => {
    const read = await readHeader(source);
    expect(read.metadata).toEqual({ k: "v" });
    expect([...read.tensors.keys()]).toEqual(["b", "a", "s"]);
    const a = await readTensor(source, read, "a");
    expect(a).toEqual({ dtype: "F16", shape: [2, 2], data: Float32Array.of(1, -2, 0.5, 65504) });
    expect((await readTensor(source, read, "b")).data).toEqual(Float32Array.of(1, -3));
    expect((await readTensor(source, read, "s")).data).toEqual(Float32Array.of(0.1));
  });

  test("says which tensor is missing", async () => {
    await expect(readTensor(source, await readHeader(source), "c")).rejects.toThrow('tensor "c" is missing');
  });
});

test("what is read may be changed without changing the file", async () => {
  const file = writeSafetensors({ a: { shape: [2], data: Float32Array.of(1, 2) } });
  const source = bytesSource("file", file);
  const { data } = await readTensor(source, await readHeader(source), "a");
  data.fill(7);
  expect((await readTensor(source, await readHeader(source), "a")).data).toEqual(Float32Array.of(1, 2));
});

test("types that networks carry along can be listed but not read as weights", async () => {
  const header = '{"n":{"dtype":"I64","shape":[],"data_offsets":[0,8]}}';
  const source = bytesSource("file", rawSafetensors(header, 8));
  const read = await readHeader(source);
  expect(read.tensors.get("n")?.dtype).toBe("I64");
  await expect(readTensor(source, read, "n")).rejects.toThrow(/"n" expects F64, F32, F16 or BF16, got I64/);
});

const tensor: fc.Arbitrary<Tensor> = fc.array(fc.nat({ max: 4 }), { maxLength: 4 }).chain((shape) => {
  const length = shape.reduce((product, n) => product * n, 1);
  return fc.float32Array({ minLength: length, maxLength: length }).map((data) => ({ shape, data }));
});
const tensorName = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom("__proto__", "constructor", "a.b", ""),
);

test("whatever is written is read back, bit for bit, under any names", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(tensorName, tensor), { maxLength: 6 }),
      fc.option(fc.dictionary(fc.string(), fc.string()), { nil: undefined }),
      async (entries, metadata) => {
        const usable = entries.filter(([name]) => name !== "__metadata__");
        const bytes = writeSafetensors(Object.fromEntries(usable), metadata);
        const source = bytesSource("file", bytes);
        const header = await readHeader(source);
        expect({ ...header.metadata }).toEqual({ ...metadata });
        const last = new Map(usable);
        expect([...header.tensors.keys()].sort()).toEqual([...last.keys()].sort());
        for (const [name, { shape, data }] of last) {
          expect(header.tensors.get(name)?.begin ?? 0).toSatisfy((begin: number) => begin % 4 === 0);
          const back = await readTensor(source, header, name);
          expect(back.shape).toEqual(shape);
          expect(new Uint32Array(back.data.buffer, back.data.byteOffset, back.data.length)).toEqual(
            new Uint32Array(data.slice().buffer),
          );
        }
      },
    ),
    { numRuns: 200 },
  );
});

test("the writer refuses what it could not read back", () => {
  const data = new Float32Array(3);
  expect(() => writeSafetensors({ a: { shape: [2], data } })).toThrow(
    'tensor "a" of shape (2) got 3 numbers',
  );
  expect(() => writeSafetensors({ a: { shape: [-3, -1], data } })).toThrow(WeightsError);
  expect(() => writeSafetensors({ __metadata__: { shape: [3], data } })).toThrow(WeightsError);
});

describe("hostile and damaged files are refused with a reason", () => {
  const entry = (fields: string): string => `{"w":{${fields}}}`;
  const good = '"dtype":"F32","shape":[2],"data_offsets":[0,8]';
  const cases: readonly (readonly [what: string, file: Uint8Array, reason: RegExp])[] = [
    ["nothing at all", new Uint8Array(), /at least 8 bytes, got 0/],
    ["seven bytes", new Uint8Array(7), /at least 8 bytes, got 7/],
    ["header length 2^63", rawSafetensors("{}", 0, 2n ** 63n), /header claims 9223372036854775808 bytes/],
    ["header length 2^64 - 1", rawSafetensors("{}", 0, 2n ** 64n - 1n), /header claims/],
    ["header longer than the file", rawSafetensors("{}", 0, 3n), /header claims 3 bytes, the file has 2/],
    ["a header of 8 MiB", rawSafetensors(`{${" ".repeat(8 << 20)}}`, 0), /more than the 4194304 allowed/],
    ["an empty header", rawSafetensors("", 0), /does not begin with \{/],
    ["a header with a byte order mark", rawSafetensors("\ufeff{}", 0), /does not begin with \{/],
    ["bad UTF-8", rawSafetensors(Uint8Array.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), 0), /not UTF-8/],
    ["an unfinished header", rawSafetensors('{"w":', 0), /malformed/],
    ["a trailing comma", rawSafetensors(`{"w":{${good}},}`, 8), /expected a string/],
    ["text after the header", rawSafetensors("{} x", 0), /text after the end/],
    [
      "nesting 100,000 deep",
      rawSafetensors(`{"w":${"[".repeat(1e5)}${"]".repeat(1e5)}}`, 0),
      /nested deeper/,
    ],
    ["a duplicate tensor", rawSafetensors(`{"w":{${good}},"w":{${good}}}`, 8), /key "w" appears twice/],
    ["a duplicate field", rawSafetensors(entry(`${good},"dtype":"F16"`), 8), /key "dtype" appears twice/],
    ["an escaped duplicate", rawSafetensors(`{"w":{${good}},"\\u0077":{${good}}}`, 8), /appears twice/],
    ["an unknown field", rawSafetensors(entry(`${good},"x":1`), 8), /unknown field "x"/],
    ["a __proto__ that is no tensor", rawSafetensors('{"__proto__":{"x":"y"}}', 0), /unknown field "x"/],
    ["a tensor that is a number", rawSafetensors('{"w":1}', 0), /not described by an object/],
    ["no type", rawSafetensors(entry('"shape":[2],"data_offsets":[0,8]'), 8), /unknown type \(none\)/],
    ["an unknown type", rawSafetensors(entry(good.replace("F32", "F31")), 8), /unknown type "F31"/],
    [
      "a type from Object.prototype",
      rawSafetensors(entry(good.replace("F32", "toString")), 8),
      /unknown type/,
    ],
    ["no shape", rawSafetensors(entry('"dtype":"F32","data_offsets":[0,8]'), 8), /no shape/],
    ["a negative dimension", rawSafetensors(entry(good.replace("[2]", "[-2]")), 8), /unsigned integer/],
    ["a fractional dimension", rawSafetensors(entry(good.replace("[2]", "[2.5]")), 8), /unsigned integer/],
    [
      "a dimension with an exponent",
      rawSafetensors(entry(good.replace("[2]", "[2e0]")), 8),
      /unsigned integer/,
    ],
    ["a dimension of 2^53", rawSafetensors(entry(good.replace("[2]", "[9007199254740992]")), 8), /2\^53/],
    [
      "a shape over 2^53",
      rawSafetensors(entry(good.replace("[2]", "[67108864,67108864,4]")), 8),
      /2\^53 bytes/,
    ],
    [
      "an overflow hidden by a zero",
      rawSafetensors(
        entry('"dtype":"F32","shape":[4503599627370496,4503599627370496,0],"data_offsets":[0,0]'),
        0,
      ),
      /2\^53/,
    ],
    [
      "a shape larger than its bytes",
      rawSafetensors(entry(good.replace("[2]", "[3]")), 8),
      /takes 12 bytes, got 8/,
    ],
    [
      "one offset",
      rawSafetensors(entry(good.replace("[0,8]", "[8]")), 8),
      /data_offsets \[begin, end\], got \[8\]/,
    ],
    ["offsets in reverse", rawSafetensors(entry(good.replace("[0,8]", "[8,0]")), 8), /got \[8, 0\]/],
    [
      "data cut short",
      rawSafetensors(entry(good), 7),
      /"w" ends at byte \d+, the file has \d+: it is cut short/,
    ],
    ["data that nobody claims", rawSafetensors(entry(good), 9), /the tensors end there/],
    ["a gap", rawSafetensors(entry(good.replace("[0,8]", "[4,12]")), 12), /leaves a gap/],
    [
      "an overlap",
      rawSafetensors(`{"v":{${good}},"w":{${good.replace("[0,8]", "[4,12]")}}}`, 12),
      /"w" overlaps/,
    ],
    ["metadata that is a text", rawSafetensors('{"__metadata__":"x"}', 0), /expects an object of texts/],
    ["metadata with a number", rawSafetensors('{"__metadata__":{"x":1}}', 0), /metadata "x" is not a text/],
    ["an HTML page", new TextEncoder().encode("<!DOCTYPE html><title>404</title>"), /an HTML page/],
    ["a PyTorch archive", Uint8Array.from([0x50, 0x4b, 3, 4, 0, 0, 0, 0, 0]), /a zip archive/],
    ["a Keras file", Uint8Array.from([0x89, 0x48, 0x44, 0x46, 13, 10, 26, 10]), /an HDF5 file/],
    ["a Git LFS pointer", new TextEncoder().encode("version https://git-lfs"), /a Git LFS pointer/],
  ];
  test.each(cases)("%s", async (_, file, reason) => {
    expect(await refusal(file)).toMatch(reason);
  });

  test("100,000 entries, quickly", async () => {
    const entries = Array.from(
      { length: 1e5 },
      (_, i) => `"t${i}":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}`,
    );
    const begin = performance.now();
    expect(await refusal(rawSafetensors(`{${entries.join(",")}}`, 0))).toMatch(/allowed/);
    const enough = rawSafetensors(`{${entries.slice(0, 5e4).join(",")}}`, 0);
    expect(await refusal(enough)).toMatch(/more than 200000 values/);
    expect(performance.now() - begin).toBeLessThan(5000);
  });

  test("a tensor called __proto__ is a tensor like any other", async () => {
    const bytes = rawSafetensors('{"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', 1);
    expect([...(await open(bytes)).tensors.keys()]).toEqual(["__proto__"]);
  });
});

test("any damage to a good file is refused with a typed error, or leaves it readable", async () => {
  const data = Float32Array.from({ length: 6 }, (_, i) => i);
  const good = writeSafetensors({ a: { shape: [2, 3], data }, b: { shape: [6], data } }, { k: "v" });
  const change = fc.record({ at: fc.nat({ max: good.length - 1 }), to: fc.nat({ max: 255 }) });
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(change, { minLength: 1, maxLength: 4 }),
      fc.nat({ max: good.length }),
      fc.boolean(),
      async (changes, length, cut) => {
        const bytes = good.slice(0, cut ? length : good.length);
        for (const { at, to } of changes) if (at < bytes.length) bytes[at] = to;
        const source = bytesSource("file", bytes);
        try {
          const header = await readHeader(source);
          for (const name of header.tensors.keys()) await readTensor(source, header, name);
        } catch (error) {
          expect(error).toBeInstanceOf(WeightsError);
          refused += 1;
        }
      },
    ),
    { numRuns: 2000 },
  );
  expect(refused).toBeGreaterThan(500);
});
