/** The commands that start from a photograph, as people run them. */

import { writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { decode } from "fast-png";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ReportOf } from "../../src/methods/methods.ts";
import { type Tensor, writeSafetensors } from "../../src/model/safetensors.ts";
import caricature from "../fixtures/caricatures.json" with { type: "json" };
import { noiseImage } from "../fixtures/hashing.ts";
import fixtures from "../fixtures/pictures.json" with { type: "json" };
import { stackEnvironment, wantedStacks } from "../stacks/environment.ts";
import { relativeL2 } from "../support/error.ts";
import { commandLine, numbers, readTensors, writeSmallNetwork } from "./built.ts";

const { ascent, at, remove } = commandLine();
const LIMIT = 120_000;
const SIZE = [18, 22] as const;
const AREA = SIZE[0] * SIZE[1];

beforeAll(async () => {
  writeSmallNetwork(at("net.safetensors"));
  const data = numbers(3 * AREA, 7).map((x) => 0.5 + 0.5 * x);
  writeFileSync(at("in.safetensors"), writeSafetensors({ image: { shape: [1, 3, ...SIZE], data } }));
  const photo = fixtures.find(({ name }) => name === "png RGB")!;
  writeFileSync(at("photo.png"), Buffer.from(photo.file, "base64"));
}, LIMIT);

afterAll(remove);

/** Runs a command on the small network, expects success, and gives the line of JSON. */
async function succeed<Report>(words: string): Promise<Report> {
  const [name, ...rest] = words.replaceAll("@", at("")).split(" ");
  const { code, stdout, stderr } = await ascent([
    name as string,
    "--model",
    at("net.safetensors"),
    "--json",
    ...rest,
  ]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout) as Report;
}

async function tensorsOf(words: string): Promise<Record<string, Tensor>> {
  await succeed(`${words} --out @out.safetensors`);
  return readTensors(at("out.safetensors"));
}

const sum = (values: Float32Array): number => values.reduce((total, x) => total + x, 0);

describe.each(wantedStacks())("on %s", (runtime) => {
  const { available } = stackEnvironment(runtime);

  it.skipIf(!available)("saliency is the largest |gradient| of the colours", { timeout: LIMIT }, async () => {
    const { map, gradient } = await tensorsOf(
      `saliency --objective class:1 --image @in.safetensors --runtime ${runtime}`,
    );
    expect(map?.shape).toEqual([1, 1, ...SIZE]);
    expect([...map!.data]).toEqual(
      Array.from({ length: AREA }, (_, i) =>
        Math.max(...[0, 1, 2].map((c) => Math.abs(gradient!.data[c * AREA + i]!))),
      ),
    );
  });
});

const dawn = stackEnvironment("dawn").available && wantedStacks().includes("dawn");

describe.skipIf(!dawn)("photographs", { timeout: LIMIT }, () => {
  const IMAGE = "--image @in.safetensors --objective class:1";

  it("smoothgrad without noise is saliency; with it, it follows its seed", async () => {
    const plain = await tensorsOf(`saliency ${IMAGE}`);
    expect(plain["gradient"]?.data).toEqual((await tensorsOf(`gradient ${IMAGE}`))["gradient"]?.data);
    const still = await tensorsOf(`smoothgrad ${IMAGE} --samples 3 --sigma 0`);
    for (const [i, value] of plain["map"]!.data.entries())
      expect(still["map"]!.data[i]).toBeCloseTo(value, 6);
    const one = await tensorsOf(`smoothgrad ${IMAGE} --samples 3 --seed 1`);
    expect(one["map"]!.data).toEqual(
      (await tensorsOf(`smoothgrad ${IMAGE} --samples 3 --seed 1`))["map"]!.data,
    );
    expect(one["map"]!.data).not.toEqual(
      (await tensorsOf(`smoothgrad ${IMAGE} --samples 3 --seed 2`))["map"]!.data,
    );
  });

  it("integrated gradients add up to the objective's change from the zero input", async () => {
    const report = await succeed<ReportOf<"integrated">>(
      `integrated ${IMAGE} --steps 64 --out @out.safetensors`,
    );
    const { map } = await readTensors(at("out.safetensors"));
    const change = report.objective - report.baseline!;
    // The midpoint rule on a piecewise linear function with 64 pieces of the path.
    expect(Math.abs(sum(map!.data) - change)).toBeLessThan(0.01 * Math.abs(change));
  });

  it("gradcam has the layer's size and, interpolated, the image's", async () => {
    const report = await succeed<ReportOf<"gradcam">>(`gradcam ${IMAGE} --out @out.safetensors`);
    const { map, cam } = await readTensors(at("out.safetensors"));
    expect(report.layer).toBe("relu2_2");
    expect(map?.shape).toEqual([1, 1, ...SIZE]);
    expect(cam?.shape).toEqual([1, 1, 9, 11]);
    expect(Math.min(...map!.data)).toBeGreaterThanOrEqual(0);
  });

  it("what shows nothing is said on stderr, and in the report", async () => {
    const words = `gradcam --model ${at("net.safetensors")} --image ${at("in.safetensors")} --objective class:1`;
    const rest = `--layer logits --json --out ${at("out.png")}`;
    const { code, stdout, stderr } = await ascent(`${words} ${rest}`.split(" "));
    expect(code).toBe(0);
    expect(stderr).toMatch(/^ascent: logits has one value for the whole image, .*; choose a layer.*\n$/);
    expect(`ascent: ${(JSON.parse(stdout) as ReportOf<"gradcam">).remarks?.join()}\n`).toBe(stderr);
  });

  it("fool ends at the class that is asked for", async () => {
    const { before } = await succeed<ReportOf<"fool">>(`fool ${IMAGE} --iterations 0 --out @out.png`);
    const target = (before.index + 1) % 3;
    const report = await succeed<ReportOf<"fool">>(
      `fool --image @in.safetensors --objective class:${target} --out @out.safetensors`,
    );
    expect(report).toMatchObject({ fooled: true, before: { index: before.index }, after: { index: target } });
    const { image } = await readTensors(at("out.safetensors"));
    expect(image?.shape).toEqual([1, 3, ...SIZE]);
    // RGB is the clamped u plus the mean, rounded.
    expect(Math.min(...image!.data)).toBeGreaterThan(-1e-6);
    expect(Math.max(...image!.data)).toBeLessThan(1 + 1e-6);
  });

  it("invert comes near the photograph's activation, and to the photograph itself in the first layer", async () => {
    const command = "invert --image @in.safetensors --layer conv1_1 --tv 0";
    const report = await succeed<ReportOf<"invert">>(`${command} --iterations 200 --out @out.safetensors`);
    // Minus the squared distance over the photograph's squares, which is 1 or so at the start.
    expect(report.objective[0]).toBeLessThan(-0.2);
    expect(report.finalObjective).toBeGreaterThan(-2e-3);
    const { image } = await readTensors(at("out.safetensors"));
    const photo = (await readTensors(at("in.safetensors")))["image"]!.data;
    const error = image!.data.reduce((total, x, i) => total + Math.abs(x - photo[i]!), 0) / photo.length;
    // Four filters cannot tell all of three colours; noise at random is 1/3 away.
    expect(error).toBeLessThan(0.15);
  });

  it("caricature, dream and grid make images", async () => {
    const { finalObjective, objective } = await succeed<ReportOf<"render">>(
      "caricature --image @in.safetensors --layer relu2_1 --iterations 30 --out @out.safetensors",
    );
    expect(finalObjective).toBeGreaterThan(objective[0]!);
    const dream = await succeed<ReportOf<"dream">>(
      "dream --image @in.safetensors --layer relu1_1 --octaves 3 --iterations 2 --out @dream.safetensors",
    );
    expect(dream.octaves).toEqual([
      [9, 11],
      [13, 16],
      [18, 22],
    ]);
    for (const file of ["out", "dream"]) {
      const { image } = await readTensors(at(`${file}.safetensors`));
      expect(image?.shape).toEqual([1, 3, ...SIZE]);
      expect(Math.max(...image!.data)).toBeLessThan(1 + 1e-6);
    }
    const grid = await succeed<ReportOf<"grid">>(
      "grid --image @in.safetensors --layer conv2_2 --cells 3 --cell 12 --iterations 2 --batch 4 --out @grid.safetensors",
    );
    // conv2_2 has 9×11 positions.
    expect(grid).toMatchObject({ rows: 2, columns: 3 });
    expect((await readTensors(at("grid.safetensors")))["image"]?.shape).toEqual([1, 3, 24, 36]);
  });

  it("a caricature in Fourier parameters follows PyTorch's float64 objective", async () => {
    const { layer, size, photoSeed, seed, lr, power, sensitivity, expected } = caricature;
    const shape = [1, 3, ...size];
    const photo = { shape, data: noiseImage(photoSeed, shape) };
    writeFileSync(at("noise.safetensors"), writeSafetensors({ image: photo }));
    const { objective } = await succeed<ReportOf<"render">>(
      `caricature --model embedded --image @noise.safetensors --layer ${layer} --power ${power} --param fourier ` +
        `--jitter 0 --lr ${lr} --seed ${seed} --iterations ${expected.length} --out @out.safetensors`,
    );
    // PyTorch in float32 is `sensitivity` off; Winograd's sums are a digit less exact than direct ones, and steps add up.
    expect(relativeL2(objective, expected)).toBeLessThan(100 * sensitivity);
  });

  it("render takes objectives about a photograph and about several images", async () => {
    const report = await succeed<ReportOf<"render">>(
      "render --objective invert:conv1_1 --target @photo.png --size 12x14 --iterations 40 --init noise --lr 0.02 --out @out.png",
    );
    expect(report.finalObjective).toBeGreaterThan(0.5 * report.objective[0]!);
    const words = [
      "--objective",
      "channel:conv2_1:0..2 + diversity:relu2_1 - 0.01*tv[0]",
      "--size",
      "10",
      "--iterations",
    ];
    const command = ["render", "--model", at("net.safetensors"), ...words, "2", "--batch", "3", "--out"];
    for (const out of ["out.safetensors", "wall.png"])
      expect(await ascent([...command, at(out)])).toMatchObject({ code: 0 });
    expect((await readTensors(at("out.safetensors")))["image"]?.shape).toEqual([3, 3, 10, 10]);
    const png = decode(await readFile(at("wall.png")));
    expect([png.height, png.width]).toEqual([20, 20]);
  });

  it("photographs are cropped and resized; maps are PNGs of that size", async () => {
    for (const method of ["saliency", "guided", "gradcam"]) {
      await succeed(`${method} --image @photo.png --size 16x20 --objective class:1 --out @map.png`);
      const png = decode(await readFile(at("map.png")));
      expect([png.height, png.width, png.channels]).toEqual([16, 20, 3]);
      expect(new Set(png.data).size).toBeGreaterThan(10);
    }
  });
});
