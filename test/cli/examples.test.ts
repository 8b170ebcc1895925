/** `examples`: folders and files of images, ranked. */

import { mkdirSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { decode, encode } from "fast-png";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeSafetensors } from "../../src/model/safetensors.ts";
import { stackEnvironment, wantedStacks } from "../stacks/environment.ts";
import { commandLine, numbers, readTensors, writeSmallNetwork } from "./built.ts";

const { ascent, at, remove } = commandLine();
const LIMIT = 120_000;
const SIZE = [14, 18] as const;
const AREA = SIZE[0] * SIZE[1];
const NAMES = ["a.png", "b.PNG", "deep/er/c.png", "deep/d.png"];
/** Channels of the small network's conv2_1, and what one of its units sees. */
const [LAYER, FIELD] = ["conv2_1", 8];

/** 8-bit samples of image n, interleaved, and the same as RGB 0–1, planar. */
const samples = NAMES.map((_, n) => numbers(3 * AREA, n + 5).map((x) => Math.round(127.5 * (1 + x))));
const planar = samples.map((data) =>
  Float32Array.from(data, (_, i) => data[(i % AREA) * 3 + Math.floor(i / AREA)]! / 255),
);

beforeAll(() => {
  writeSmallNetwork(at("net.safetensors"));
  mkdirSync(at("photos/deep/er"), { recursive: true });
  for (const [n, name] of NAMES.entries()) {
    const png = {
      width: SIZE[1],
      height: SIZE[0],
      channels: 3,
      depth: 8,
      data: Uint8Array.from(samples[n]!),
    };
    writeFileSync(at(`photos/${name}`), encode(png as Parameters<typeof encode>[0]));
  }
  for (const name of ["photos/notes.txt", "photos/deep/broken.jpg"]) writeFileSync(at(name), "no picture");
  const data = new Float32Array(NAMES.length * 3 * AREA);
  for (const [n, image] of planar.entries()) data.set(image, n * image.length);
  writeFileSync(
    at("all.safetensors"),
    writeSafetensors({ image: { shape: [NAMES.length, 3, ...SIZE], data } }),
  );
});

afterAll(remove);

interface Report {
  readonly images: number;
  readonly skipped: readonly { readonly file: string; readonly why: string }[];
  readonly examples: readonly {
    readonly file: string;
    readonly value: number;
    readonly position: readonly number[] | null;
    readonly patch: {
      readonly y: number;
      readonly x: number;
      readonly height: number;
      readonly width: number;
    };
  }[];
}

async function run(words: string, runtime = "dawn"): Promise<Report> {
  const all = `examples --model ${at("net.safetensors")} --runtime ${runtime} --json ${words}`;
  const { code, stdout, stderr } = await ascent(all.replaceAll("@", at("")).split(" "));
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout) as Report;
}

/** What `gradient` says of the same images, in the order of NAMES. */
async function objectives(spec: string): Promise<number[]> {
  const words = `gradient --model @net.safetensors --objective ${spec} --image @all.safetensors --out @g.safetensors`;
  expect((await ascent(words.replaceAll("@", at("")).split(" "))).code).toBe(0);
  return [...(await readTensors(at("g.safetensors")))["objective"]!.data];
}

describe.each(wantedStacks())("on %s", (runtime) => {
  const { available } = stackEnvironment(runtime);

  it.skipIf(!available)(
    "ranks a folder with its subfolders, and says what it passed over",
    { timeout: LIMIT },
    async () => {
      const words = `--images @photos --objective class:1 --size ${SIZE.join("x")} --out @sheet.png`;
      const { images, skipped, examples } = await run(words, runtime);
      expect(images).toBe(NAMES.length);
      expect(skipped).toEqual([
        {
          file: at("photos/deep/broken.jpg"),
          why: expect.stringContaining("expected one of PNG, JPEG, WebP, AVIF"),
        },
      ]);
      const expected = await objectives("class:1");
      const order = NAMES.map((_, n) => n).sort((a, b) => expected[b]! - expected[a]!);
      expect(examples.map(({ file }) => file)).toEqual(order.map((n) => at(`photos/${NAMES[n]}`)));
      for (const [i, { value, position, patch }] of examples.entries()) {
        expect(value).toBeCloseTo(expected[order[i]!]!, 5);
        expect({ position, patch }).toEqual({
          position: null,
          patch: { y: 0, x: 0, height: SIZE[0], width: SIZE[1] },
        });
      }
      const { width, height } = decode(await readFile(at("sheet.png")));
      expect([height, width]).toEqual([2 * (SIZE[0] + 6), 2 * (SIZE[1] + 6)]);
    },
  );
});

const dawn = stackEnvironment("dawn").available && wantedStacks().includes("dawn");

describe.skipIf(!dawn)("examples", { timeout: LIMIT }, () => {
  it("of a layer's channel are where it is strongest, with what it sees there", async () => {
    const words = `--images @all.safetensors --layer ${LAYER} --channel 3 --top 3 --out @out.safetensors`;
    const { examples } = await run(words);
    const { image, value, patch } = await readTensors(at("out.safetensors"));
    expect(image?.shape).toEqual([3, 3, ...SIZE]);
    expect(patch?.shape).toEqual([3, 4]);
    expect([...value!.data].map((x, i) => x - examples[i]!.value)).toEqual([0, 0, 0]);
    for (const [i, { file, value: strongest, position, patch: box }] of examples.entries()) {
      const n = Number(/\[(\d)\]$/.exec(file)?.[1]);
      expect(image!.data.slice(i * 3 * AREA, (i + 1) * 3 * AREA)).toEqual(planar[n]);
      expect([...patch!.data.slice(4 * i, 4 * i + 4)]).toEqual([box.y, box.x, box.height, box.width]);
      // The unit itself has that activation, and no other place a larger one.
      const [y = 0, x = 0] = position!;
      const unit = await objectives(`neuron:${LAYER}:3:${y},${x}`);
      expect(unit[n]).toBeCloseTo(strongest, 5);
      const centre = await objectives(`neuron:${LAYER}:3`);
      expect(centre[n]).toBeLessThan(strongest + 1e-5);
      // Two convolutions with a pool between: pixels 2y−3 … 2y+4.
      const clipped = [y, x].map((place, axis) => {
        const begin = Math.max(0, 2 * place - 3);
        return [begin, Math.min(SIZE[axis]!, 2 * place - 3 + FIELD) - begin];
      });
      expect([
        [box.y, box.height],
        [box.x, box.width],
      ]).toEqual(clipped);
    }
    const values = examples.map((example) => example.value);
    expect(values).toEqual(values.toSorted((a, b) => b - a));
    await run(words.replace("out.safetensors", "patches.png"));
    const { width, height } = decode(await readFile(at("patches.png")));
    expect([height, width]).toEqual([2 * (SIZE[0] + 6), 2 * (2 * (SIZE[1] + 3) + 3)]);
  });

  it("are of photographs that are named, too", async () => {
    const words = `--images @photos/a.png @photos/deep/d.png --objective channel:${LAYER}:1 --size ${SIZE.join("x")} --out @x.png`;
    const { examples } = await run(words);
    const expected = await objectives(`channel:${LAYER}:1`);
    const first = expected[0]! > expected[3]! ? "a" : "deep/d";
    expect(examples.map(({ file }) => file)[0]).toBe(at(`photos/${first}.png`));
    const [most, least] = [expected[0]!, expected[3]!].toSorted((a, b) => b - a);
    expect(examples.map(({ value }) => value)).toEqual([expect.closeTo(most!, 5), expect.closeTo(least!, 5)]);
  });

  it("is a table for people", async () => {
    const words = `examples --model ${at("net.safetensors")} --images ${at("all.safetensors")} --layer ${LAYER} --channel 0 --top 1 --out ${at("x.png")}`;
    const { stdout } = await ascent(words.split(" "));
    expect(stdout).toMatch(
      /^.*x\.png: channel:conv2_1:0 in 4 images\n.*all\.safetensors\[\d\] +[\d.]+ +at \d,\d +pixels \d+,\d+ \d×\d\n$/,
    );
  });
});
