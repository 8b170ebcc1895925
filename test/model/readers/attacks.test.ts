/** Pickles that would run something in Python, or take all memory: here they are inert, or refused with a reason. */

import { readFileSync } from "node:fs";
import fc from "fast-check";
import { zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { WeightsError } from "../../../src/errors.ts";
import { openCheckpoint } from "../../../src/model/readers/open-checkpoint.ts";
import { Dict, type PickleValue, Thing, unpickle } from "../../../src/model/readers/pickle.ts";
import { torchBuilder } from "../../../src/model/readers/torch-values.ts";
import { bytesSource } from "../../../src/model/source.ts";

const bytes = (text: string): Uint8Array => Uint8Array.from(text, (it) => it.charCodeAt(0));
const value = (text: string): PickleValue => unpickle("file", bytes(text), torchBuilder(new Map())).value;

describe("calls stay placeholders", () => {
  test.each([
    ["REDUCE of os.system", "cos\nsystem\n(S'touch /tmp/x'\ntR."],
    ["REDUCE of posix.system by STACK_GLOBAL", "\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x01x\x85R."],
    ["builtins.eval", "\x80\x02cbuiltins\neval\n(U\x011tR."],
    ["INST", "(S'x'\nios\nsystem\n."],
    ["OBJ", "(cos\nsystem\nS'x'\no."],
    ["NEWOBJ", "\x80\x02cos\nsystem\nU\x01x\x85\x81."],
    ["NEWOBJ_EX", "\x80\x04cos\nsystem\nU\x01x\x85}\x92."],
    ["BUILD with a state", "\x80\x02cos\nsystem\n)\x81}U\x0c__setstate__U\x01xsb."],
    ["a persistent id", "\x80\x02U\x01xQ."],
    ["a persistent id of text", "Px\n."],
    ["an extension", "\x80\x02\x82\x01."],
    ["a JavaScript name", "cconstructor\nconstructor\n(S'return process'\ntR."],
    ["__proto__ as a module", "c__proto__\n__proto__\n(tR."],
    ["a tensor of no storage", "ctorch._utils\n_rebuild_tensor_v2\n(I1\nI0\n(I2\nt(I1\nttR."],
  ])("%s", (_, text) => {
    expect(value(text)).toBeInstanceOf(Thing);
  });

  test("a function that makes tensors of a type calls nothing that is not on the list", () => {
    const call = "ctorch._tensor\n_rebuild_from_type_v2\n(cos\nsystem\ncos\nsystem\n(S'x'\ntNtR.";
    expect(value(call)).toBeInstanceOf(Thing);
    const itself = `ctorch._tensor\n_rebuild_from_type_v2\np0\n(g0\nNg0\nNtR.`;
    expect(value(itself)).toBeInstanceOf(Thing);
  });
});

test("keys of JavaScript's objects are keys like any other", () => {
  const dict = value("\x80\x02}(U\x09__proto__}U\x01xK\x01sU\x0bconstructorK\x02u.") as Dict;
  expect(dict).toBeInstanceOf(Dict);
  expect(dict.entries.map(([key]) => key)).toEqual(["__proto__", "constructor"]);
  expect(({} as Record<string, unknown>)["x"]).toBeUndefined();
});

/** A legacy file with these keys of its storages. */
function legacy(keys: string): string {
  const magic = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
  return `${magic}\x80\x02M\xe9\x03.\x80\x02}.\x80\x02}.\x80\x02${keys}.`;
}

async function refusal(file: Uint8Array): Promise<string> {
  const begin = performance.now();
  const error: unknown = await openCheckpoint(bytesSource("file", file)).catch((caught: unknown) => caught);
  expect(performance.now() - begin).toBeLessThan(5000);
  expect(error).toBeInstanceOf(WeightsError);
  expect((error as WeightsError).remedy).toBeTruthy();
  return (error as WeightsError).message;
}

describe("pickles without an end are bounded", () => {
  test.each([
    ["lists in lists, 300,000 deep", `\x80\x02${"]".repeat(3e5)}${"a".repeat(3e5 - 1)}.`, /more memory/],
    ["a laughing memo", `\x80\x02]q\x00${"]q\x00h\x00ah\x00ah\x00".repeat(1000)}.`, /without tensors/],
    ["lists that hold themselves twice", `\x80\x02]q\x00h\x00ah\x00a.`, /without tensors/],
    [
      "each list twice in the next one",
      `\x80\x02]q\x00${Array.from({ length: 100 }, (_, i) => `](h${String.fromCharCode(i)}h${String.fromCharCode(i)}eq${String.fromCharCode(i + 1)}`).join("")}.`,
      /without tensors/,
    ],
    ["a million steps", `${"\x80\x02".repeat(1e6)}N.`, /more than 1000000 steps/],
    ["a million values", `\x80\x02${"N0".repeat(1e6)}N.`, /more memory/],
    [
      "a text that becomes bytes many times",
      `\x80\x02U\xff${"x".repeat(255)}q\x00](${"c_codecs\nencode\n(h\x00tR".repeat(50_000)}e.`,
      /more memory/,
    ],
    [
      "a list of pairs that becomes a dictionary many times",
      `\x80\x02](${"NN\x86".repeat(5000)}eq\x00](${"ccollections\nOrderedDict\n(h\x00tR".repeat(5000)}e.`,
      /more memory/,
    ],
    [
      "a key of a long path in each of many",
      `\x80\x02}(T\xe8\x03\x00\x00${"y".repeat(1000)}}(U\x01wctorch._utils\n_rebuild_tensor\n((U\x07storagectorch\nFloatStorage\nU\x010U\x03cpuK\x00tQK\x00(K\x00t(K\x01ttRuu.`,
      /name has 1002 characters/,
    ],
    ["a storage that is no text", legacy("](]e"), /storage \[\] is not described/],
    ["an integer of 1 GB", "\x80\x02\x8b\x00\x00\x00\x40.", /ends within a value/],
    ["an integer of 1 MB", `\x80\x02\x8b\x00\x00\x10\x00${"\x7f".repeat(1 << 20)}.`, /without tensors/],
    ["a text of 2^63 bytes", `\x80\x04\x8d${"\xff".repeat(8)}.`, /ends within a value/],
    ["a memo that is not set", "\x80\x02h\x07.", /reads memo 7, which is not set/],
    ["no mark", "\x80\x02t.", /a mark is missing/],
    ["an empty stack", "\x80\x02.", /takes more than is there/],
    ["an unknown opcode", "\x80\x02\xff.", /unknown opcode 255/],
    ["half a dictionary", "\x80\x02}(Nu.", /a key without a value/],
    ["no end", "\x80\x02N", /ends within a value/],
  ])("%s", async (_, text, reason) => {
    expect(await refusal(bytes(text))).toMatch(reason);
  });
});

describe("a zip with a pickle", () => {
  const storage = (numbers: string): string =>
    `(U\x07storagectorch\nFloatStorage\nU\x010U\x03cpu${numbers}tQ`;
  const pickle = (parts: string, numbers = "K\x04"): Uint8Array =>
    bytes(`\x80\x02}U\x01wctorch._utils\n_rebuild_tensor_v2\n(${storage(numbers)}${parts}\x89NtRs.`);
  const zip = (data: Uint8Array, numbers = new Uint8Array(16)): Uint8Array =>
    zipSync({ "x/data.pkl": data, "x/data/0": numbers }, { level: 0 });

  test("is read as it says", async () => {
    const numbers = new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer);
    const checkpoint = await openCheckpoint(
      bytesSource("file", zip(pickle("K\x00K\x02K\x02\x86K\x01K\x02\x86"), numbers)),
    );
    expect(await checkpoint.read("w")).toEqual(Float32Array.of(1, 3, 2, 4));
  });

  test.each([
    ["an offset past its storage", "K\x03K\x02\x85K\x01\x85", "K\x04", /expects 5 numbers in its storage/],
    ["a stride past its storage", "K\x00K\x02\x85K\x09\x85", "K\x04", /expects 10 numbers in its storage/],
    [
      "10^12 numbers of one",
      "K\x00J\x40\x42\x0f\x00J\x40\x42\x0f\x00\x86K\x00K\x00\x86",
      "K\x04",
      /repeats 1 numbers/,
    ],
    [
      "2^30 numbers of one, in a storage that claims them",
      "K\x00J\x00\x00\x00\x40\x85K\x00\x85",
      "J\x00\x00\x00\x40",
      /repeats 1 numbers/,
    ],
    ["a negative size", "K\x00J\xff\xff\xff\xff\x85K\x01\x85", "K\x04", /without tensors/],
  ])("%s is refused", async (_, parts, numbers, reason) => {
    expect(await refusal(zip(pickle(parts, numbers)))).toMatch(reason);
  });

  test("a storage that claims more than its member has is refused when read", async () => {
    const file = zip(pickle("K\x00K\x08\x85K\x01\x85", "K\x08"));
    const checkpoint = await openCheckpoint(bytesSource("file", file));
    await expect(checkpoint.read("w")).rejects.toThrow(/has 16 bytes, expected 32/);
  });
});

interface Written {
  readonly name: string;
  readonly file: string;
}
const written = JSON.parse(
  readFileSync(new URL("../../fixtures/checkpoints.json", import.meta.url), "utf8"),
) as readonly Written[];

test.each(["zip", "legacy checkpoint", "legacy module", "deflated npz", "pickle", "pickle protocol 0"])(
  "any damage to %s is refused with a typed error, or leaves it readable",
  async (kind) => {
    const file = written.find(({ name }) => name === kind)?.file ?? "";
    const good = new Uint8Array(Buffer.from(file, "base64"));
    const change = fc.record({ at: fc.nat({ max: good.length - 1 }), to: fc.nat({ max: 255 }) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { minLength: 1, maxLength: 4 }),
        fc.nat({ max: good.length }),
        fc.boolean(),
        async (changes, length, cut) => {
          const damaged = good.slice(0, cut ? length : good.length);
          for (const { at, to } of changes) if (at < damaged.length) damaged[at] = to;
          try {
            const checkpoint = await openCheckpoint(bytesSource("file", damaged));
            for (const name of checkpoint.tensors.keys()) await checkpoint.read(name);
          } catch (error) {
            expect(error).toBeInstanceOf(WeightsError);
          }
        },
      ),
      { numRuns: 1000 },
    );
  },
);
