import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, describe, expect, test } from "vitest";
import { readDirections, withWeights } from "../../src/cli/direction-file.ts";
import { AscentError } from "../../src/errors.ts";
import { writeSafetensors } from "../../src/model/safetensors.ts";
import { network } from "../support/objectives.ts";

const folder = mkdtempSync(join(tmpdir(), "ascent-direction-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** conv1_1 has four channels. */
const FOUR = Float32Array.of(0.5, 0, -1, 0.1);
function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}
const tensors = (all: Record<string, { shape: number[]; data: Float32Array }>) => writeSafetensors(all);
const expand = (path: string, rest = "") => withWeights(`direction:conv1_1:@${path}${rest}`, network);
const DIRECTION = "direction:conv1_1:0=0.5,2=-1,3=0.1";

describe("the weights of a file are written into the objective", () => {
  test("from the one tensor of a safetensors file, or the one named", async () => {
    const one = file("one.safetensors", tensors({ probe: { shape: [4], data: FOUR } }));
    expect(await expand(one)).toBe(DIRECTION);
    const other = { shape: [4], data: Float32Array.of(0, 0, 0, 1) };
    const two = file("two.safetensors", tensors({ probe: { shape: [4], data: FOUR }, other }));
    expect(await expand(`${two}#probe`, "^2:border=1[0]")).toBe(`${DIRECTION}^2:border=1[0]`);
    expect(await expand(`"${two}#other"`)).toBe("direction:conv1_1:3=1");
    await expect(expand(two)).rejects.toThrow(/expected one tensor, got 2/);
    await expect(expand(two)).rejects.toMatchObject({
      remedy: expect.stringMatching(/two\.safetensors#NAME; it has other, probe/),
    });
    await expect(expand(`${two}#third`)).rejects.toThrow(/tensor "third" is missing/);
  });

  test("from JSON: an array, or an object by channel", async () => {
    expect(await expand(file("array.json", "[0.5, 0, -1, 0.1]"))).toBe(DIRECTION);
    expect(await expand(file("object.json", '{"2": -1, "0": 0.5}'))).toBe("direction:conv1_1:0=0.5,2=-1");
  });

  test("in sums, which stay as they are", async () => {
    const path = file("in-sum.json", "[0, 0, 0, 2]");
    const spec = `-2*channel:conv1_1:0 - 0.5*direction:conv1_1:@${path}:1,1 + class:"salt + pepper"`;
    expect(await withWeights(spec, network)).toBe(
      '-2*channel:conv1_1:0 - 0.5*direction:conv1_1:3=2:1,1 + class:"salt + pepper"',
    );
  });
});

describe("what is refused, and what is said", () => {
  const cases: readonly (readonly [name: string, content: string | Uint8Array, message: RegExp])[] = [
    ["short.json", "[1, 2, 3]", /short\.json: conv1_1 has 4 channels, got 3 weights/],
    ["long.json", "[1, 2, 3, 4, 5]", /4 channels, got 5 weights/],
    ["beyond.json", '{"4": 1}', /4 channels, 0 to 3, and the file has one beyond them/],
    ["words.json", '["a"]', /words\.json: expected an array of numbers/],
    ["names.json", '{"first": 1}', /expected an array of numbers, or an object of numbers by channel/],
    ["empty.json", "{}", /expected an array of numbers/],
    ["null.json", "null", /expected an array of numbers/],
    ["nan.json", "[NaN, 0, 0, 0]", /nan\.json: is not JSON/],
    ["huge.json", "[1e39, 0, 0, 0]", /huge\.json: the weight of channel 0 is not finite in float32/],
    ["zeros.json", "[0, 0, 0, 0]", /zeros\.json: all 4 weights are zero/],
    ["w.npy", "", /w\.npy: expected a \.safetensors or a \.json/],
    [
      "square.safetensors",
      tensors({ w: { shape: [2, 2], data: FOUR } }),
      /expected a tensor of one axis.*got \(?2,\s?2\)?/,
    ],
    [
      "nan.safetensors",
      tensors({ w: { shape: [4], data: Float32Array.of(0, Number.NaN, 0, 0) } }),
      /channel 1 is not finite/,
    ],
    ["cut.safetensors", new Uint8Array(4), /cut\.safetensors/],
  ];
  test.each(cases)("%s", async (name, content, message) => {
    const failure = expand(file(name, content));
    await expect(failure).rejects.toThrow(message);
    await expect(failure).rejects.toBeInstanceOf(AscentError);
  });

  test("a file that is not there, and an unknown layer", async () => {
    await expect(expand(join(folder, "none.json"))).rejects.toThrow(
      /--objective: no such file: .*none\.json/,
    );
    await expect(withWeights("direction:conv9_9:@w.json", network)).rejects.toThrow(/"conv9_9" is not in/);
  });
});

test("a command gets the weights before it acts; other objectives are left alone", async () => {
  const acted: unknown[] = [];
  const run = async (objective: string) => {
    const program = new Command().hook("preAction", readDirections);
    program
      .command("draw")
      .option("--model <file>")
      .option("--objective <spec>")
      .action(({ objective }) => void acted.push(objective));
    await program.parseAsync(["draw", "--model", "embedded", "--objective", objective], { from: "user" });
  };
  const weights = Array.from({ length: 32 }, (_, i) => (i === 5 ? 0.25 : 0));
  await run(`direction:conv1_1:@${file("of-32.json", JSON.stringify(weights))}`);
  await run("nonsense - ");
  expect(acted).toEqual(["direction:conv1_1:5=0.25", "nonsense - "]);
});
