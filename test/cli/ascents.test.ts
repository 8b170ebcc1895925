import { readFileSync, writeFileSync } from "node:fs";
import { decode, encode } from "fast-png";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BenchReport } from "../../src/methods/bench.ts";
import type { RunReport } from "../../src/methods/shared/timed-run.ts";
import { openModel } from "../../src/model/model.ts";
import type { Model } from "../../src/model/network.ts";
import { writeSafetensors } from "../../src/model/safetensors.ts";
import { bytesSource } from "../../src/model/source.ts";
import { defaultRecipe } from "../../src/optvis/recipe.ts";
import { recipeTextOf } from "../../src/optvis/recipe-picture.ts";
import fixtures from "../fixtures/pictures.json" with { type: "json" };
import { referenceAscent } from "../reference/ascent.ts";
import { objectiveGradient, type ReferenceWeights, referenceWeights } from "../reference/network.ts";
import { addMean, subtractMean } from "../reference/preprocess.ts";
import { tensor, zeros } from "../reference/tensor.ts";
import { stackEnvironment, wantedStacks } from "../stacks/environment.ts";
import { commandLine, numbers, readTensors, writeSmallNetwork } from "./built.ts";

const { ascent, at, remove } = commandLine();
const LIMIT = 120_000;
let model: Model;
let weights: ReferenceWeights;

beforeAll(async () => {
  writeSmallNetwork(at("net.safetensors"));
  model = await openModel(bytesSource("net", readFileSync(at("net.safetensors"))));
  weights = await referenceWeights(model);
}, LIMIT);

afterAll(remove);

/** Runs, expects success, and gives the line of JSON. */
async function succeed<Report>(command: string): Promise<Report> {
  const { code, stdout, stderr } = await ascent(command.replaceAll("@", at("")).split(" ").filter(Boolean));
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(/^\{.*\}\n$/);
  return JSON.parse(stdout) as Report;
}

const RENDER = "render --model @net.safetensors --json";

/** ‖a − b‖ / ‖b‖ */
function relativeError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < b.length; i++) {
    difference += ((a[i] as number) - (b[i] as number)) ** 2;
    norm += (b[i] as number) ** 2;
  }
  return a.length === b.length ? Math.sqrt(difference / norm) : Number.POSITIVE_INFINITY;
}

/** Float32 on a net of three convolutions: some hundred roundings of 6e-8 a value. */
const TOLERANCE = 1e-5;

describe.each(wantedStacks())("on %s", (runtime) => {
  const { available } = stackEnvironment(runtime);

  it.skipIf(!available)(
    "computes the gradient that the float64 twin computes",
    { timeout: LIMIT },
    async () => {
      const shape = [2, 3, 9, 14] as const;
      const data = numbers(2 * 3 * 9 * 14, 7).map((x) => 0.5 + 0.5 * x);
      writeFileSync(at(`in-${runtime}.safetensors`), writeSafetensors({ image: { shape, data } }));
      const report = await succeed<{ objective: number[] }>(
        `gradient --model @net.safetensors --objective class:1 --image @in-${runtime}.safetensors --out @out-${runtime}.safetensors --runtime ${runtime} --json`,
      );
      const result = await readTensors(at(`out-${runtime}.safetensors`));
      const terms = [{ weight: 1, layer: "logits", kind: "neuron", channel: 1 }] as const;
      const expected = objectiveGradient(
        model,
        weights,
        terms,
        subtractMean(tensor(shape, data), "imagenet"),
      );
      expect(result["objective"]?.shape).toEqual([2]);
      expect(result["gradient"]?.shape).toEqual(shape);
      expect(relativeError(result["objective"]!.data, expected.objective)).toBeLessThan(TOLERANCE);
      expect(relativeError(result["gradient"]!.data, expected.gradient.data)).toBeLessThan(TOLERANCE);
      expect(relativeError(report.objective, expected.objective)).toBeLessThan(TOLERANCE);
    },
  );

  it.skipIf(!available)("ascends from zeros as the float64 twin does", { timeout: LIMIT }, async () => {
    const report = await succeed<RunReport>(
      `${RENDER} --objective class:1 --size 12x10 --iterations 6 --l2 0.001 --runtime ${runtime} --out @up-${runtime}.safetensors`,
    );
    const image = (await readTensors(at(`up-${runtime}.safetensors`)))["image"]!;
    const terms = [{ weight: 1, layer: "logits", kind: "neuron", channel: 1 }] as const;
    const u = zeros([1, 3, 12, 10]);
    const objective = referenceAscent(model, weights, terms, u, { ...defaultRecipe, l2: 0.001 }, 6);
    const final = objectiveGradient(model, weights, terms, u, { l2: 0.001 }).objective;
    expect(image.shape).toEqual([1, 3, 12, 10]);
    expect(relativeError(image.data, addMean(u, "imagenet").data)).toBeLessThan(10 * TOLERANCE);
    expect(
      relativeError(
        report.objective,
        objective.map(([value]) => value as number),
      ),
    ).toBeLessThan(10 * TOLERANCE);
    expect(relativeError([report.finalObjective], final)).toBeLessThan(10 * TOLERANCE);
    expect(report).toMatchObject({ runtime, iterations: 6 });
    expect(report.adapter).not.toBe("");
    expect(report.kernels.length).toBeGreaterThan(5);
    expect(report.iterationsPerSecond).toBeCloseTo(5 / report.seconds, 6);
    expect(report.firstImageSeconds).toBeGreaterThan(0);
  });
});

const dawn = stackEnvironment("dawn").available && wantedStacks().includes("dawn");

describe.skipIf(!dawn)("render", { timeout: LIMIT }, () => {
  const WORK = `${RENDER} --objective class:2 --size 16`;

  it("writes a PNG of round(255·clamp(x)) of the very numbers it writes as safetensors", async () => {
    const words = `${WORK} --iterations 12 --jitter 3 --lr 0.3 --seed 5`;
    const first = await succeed<RunReport>(`${words} --out @twin.safetensors`);
    const second = await succeed<RunReport>(`${words} --out @twin.png`);
    const { data } = (await readTensors(at("twin.safetensors")))["image"]!;
    const png = decode(readFileSync(at("twin.png")));
    expect([png.width, png.height, png.channels, png.depth]).toEqual([16, 16, 3, 8]);
    const expected = Array.from(png.data, (_, i) => {
      const x = data[(i % 3) * 256 + Math.floor(i / 3)] as number;
      return Math.floor(255 * Math.min(1, Math.max(0, x)) + 0.5);
    });
    expect([...png.data]).toEqual(expected);
    expect(new Set(expected).size).toBeGreaterThan(20);
    expect(data.some((x) => x < 0 || x > 1)).toBe(true);
    expect(second.objective).toEqual(first.objective);
  });

  it("draws with an alpha channel, as RGBA and as a tensor, and gives a photograph back opaque", async () => {
    // A tab, as words are split at blanks.
    const words = `${RENDER} --objective class:2\t-\t2*alpha --size 16 --alpha --seed 5`;
    const first = await succeed<RunReport>(`${words} --iterations 4 --lr 0.2 --out @clear.safetensors`);
    const second = await succeed<RunReport>(`${words} --iterations 4 --lr 0.2 --out @clear.png`);
    expect(second.objective).toEqual(first.objective);
    const { image, alpha } = await readTensors(at("clear.safetensors"));
    expect([image!.shape, alpha!.shape]).toEqual([
      [1, 3, 16, 16],
      [1, 1, 16, 16],
    ]);
    const png = decode(readFileSync(at("clear.png")));
    expect([png.width, png.height, png.channels, png.depth]).toEqual([16, 16, 4, 8]);
    const opacity = [...alpha!.data].map((a) => Math.floor(255 * a + 0.5));
    expect(png.data.filter((_, i) => i % 4 === 3)).toEqual(Uint8Array.from(opacity));
    expect(new Set(opacity).size).toBeGreaterThan(20);
    const opaque = { width: 16, height: 16, channels: 3, depth: 8 } as const;
    const photo = Uint8Array.from({ length: 3 * 256 }, (_, i) => (37 * i) % 256);
    writeFileSync(at("opaque.png"), encode({ ...opaque, data: photo }));
    await succeed(`${words} --iterations 0 --init @opaque.png --out @back.png`);
    const back = decode(readFileSync(at("back.png")));
    expect([...back.data.filter((_, i) => i % 4 === 3)]).toEqual(Array(256).fill(255));
    expect(back.data.filter((_, i) => i % 4 !== 3)).toEqual(photo);
  });

  it("shows the Keras recipe standardised, and leaves the image itself as it is", async () => {
    const words = `${RENDER} --objective channel:conv2_1:2 --size 16 --batch 2 --recipe keras --iterations 4 --seed 3`;
    await succeed(`${words} --out @keras.safetensors`);
    await succeed(`${words} --out @keras.png`);
    await succeed(`${words} --no-standardize --out @raw.png`);
    const { data } = (await readTensors(at("keras.safetensors")))["image"]!;
    const [shown, raw] = [decode(readFileSync(at("keras.png"))), decode(readFileSync(at("raw.png")))];
    expect([shown.width, shown.height]).toEqual([32, 16]);
    for (let n = 0; n < 2; n++) {
      const image = data.slice(n * 768, (n + 1) * 768);
      const mean = image.reduce((sum, x) => sum + x, 0) / 768;
      const deviation = Math.sqrt(image.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 768);
      // A step has length 5, so the colours went far out of 0–1.
      expect(deviation).toBeGreaterThan(0.16);
      image.forEach((x, i) => {
        const [colour, y, column] = [Math.floor(i / 256), Math.floor((i % 256) / 16), i % 16];
        const sample = 3 * (32 * y + 16 * n + column) + colour;
        const level = (value: number) => 255 * Math.min(1, Math.max(0, value));
        expect(Math.abs(shown.data[sample]! - level(0.5 + (0.15 * (x - mean)) / deviation))).toBeLessThan(
          0.51,
        );
        expect(Math.abs(raw.data[sample]! - level(x))).toBeLessThan(0.51);
      });
    }
  });

  it("starts from a transparent PNG with its opacity; without an alpha channel on white, and says so", async () => {
    const size = { width: 16, height: 16, channels: 4, depth: 8 } as const;
    const photo = Uint8Array.from({ length: 4 * 256 }, (_, i) => (37 * i) % 256);
    photo.set([10, 20, 30, 0, 10, 20, 30, 255]);
    writeFileSync(at("clear-start.png"), encode({ ...size, data: photo }));
    const words = (alpha: string) =>
      `${RENDER} --objective class:2 --size 16 --iterations 0 --init ${at("clear-start.png")}${alpha}`;
    for (const param of ["pixel", "fourier", "laplacian"]) {
      await succeed(`${words(" --alpha")} --param ${param} --out @back.png`);
      const { data, channels } = decode(readFileSync(at("back.png")));
      expect(channels).toBe(4);
      for (const [i, value] of data.entries()) {
        const opacity = photo[i - (i % 4) + 3]!;
        const expected = opacity === 0 && i % 4 < 3 ? 255 : photo[i]!;
        expect(Math.abs(value - expected), `${param}, sample ${i}`).toBeLessThanOrEqual(1);
      }
    }
    const { code, stdout, stderr } = await ascent(
      `${words("")} --model ${at("net.safetensors")} --out ${at("white.png")} --json`.split(" "),
    );
    expect({ code, stdout: stdout.slice(0, 1) }).toEqual({ code: 0, stdout: "{" });
    expect(stderr).toMatch(
      /^ascent: --init: .*clear-start\.png is transparent, and shown on white; --alpha keeps/,
    );
    const white = decode(readFileSync(at("white.png")));
    for (const [i, value] of white.data.entries()) {
      const [pixel, colour] = [Math.floor(i / 3), i % 3];
      const a = photo[4 * pixel + 3]! / 255;
      const shown = photo[4 * pixel + colour]! * a + 255 * (1 - a);
      expect(Math.abs(value - shown)).toBeLessThan(1);
    }
  });

  it("starts from the mean colour, from seeded noise, or from a photo", async () => {
    const start = async (words: string): Promise<Float32Array> => {
      await succeed(`${WORK} --iterations 0 --out @start.safetensors ${words}`);
      return (await readTensors(at("start.safetensors")))["image"]!.data;
    };
    const mean = [0.485, 0.456, 0.406];
    const plain = await start("--init zeros");
    for (let i = 0; i < plain.length; i++)
      expect(plain[i]).toBeCloseTo(mean[Math.floor(i / 256)] as number, 6);
    const noise = await start("--init noise --seed 3");
    const spread = Math.sqrt(noise.reduce((sum, x, i) => sum + (x - plain[i]!) ** 2, 0) / noise.length);
    // 768 draws: the deviation's own deviation is 0.01/√(2·768), 2.6 %.
    expect(Math.abs(spread / 0.01 - 1)).toBeLessThan(0.12);
    expect(await start("--init noise --seed 3")).toEqual(noise);
    expect(await start("--init noise --seed 4")).not.toEqual(noise);
    const photo = fixtures.find(({ name }) => name === "png RGB")!;
    writeFileSync(at("photo.png"), Buffer.from(photo.file, "base64"));
    const { code } = await ascent(
      `render --model ${at("net.safetensors")} --objective class:2 --size 5x7 --iterations 0 --init ${at("photo.png")} --out ${at("photo-out.png")}`.split(
        " ",
      ),
    );
    expect(code).toBe(0);
    expect([...decode(readFileSync(at("photo-out.png"))).data]).toEqual([
      ...Buffer.from(photo.pixels, "base64"),
    ]);
  });

  it("follows its flags", async () => {
    const image = async (words: string): Promise<string> => {
      await succeed(`${WORK} --iterations 3 --out @flags.safetensors ${words}`);
      return readFileSync(at("flags.safetensors")).toString("base64");
    };
    const plain = await image("");
    expect(
      await image(
        "--optimizer rms --lr 0.05 --l2 0 --jitter 0 --redirect on --init zeros --no-clamp --seed 1",
      ),
    ).toBe(plain);
    const changes = [
      "--lr 0.1",
      "--optimizer adam",
      "--l2 0.01",
      "--blur 1",
      "--decay 0.1 --blur-gradient 1",
      "--clip-norm 30 --clip-contribution 30",
      "--jitter 2",
      "--lr 5 --clamp",
      "--init noise",
    ];
    const images = new Set([plain]);
    for (const words of changes) images.add(await image(words));
    expect(images.size).toBe(changes.length + 1);
    await image("--lr 5 --clamp");
    const clamped = (await readTensors(at("flags.safetensors")))["image"]!.data;
    // rgb = u + mean is rounded after u was clamped.
    expect(Math.min(...clamped)).toBeGreaterThan(-1e-7);
    expect(Math.max(...clamped)).toBeLessThan(1 + 1e-7);
  });

  it("stops where the objective stands", async () => {
    const report = await succeed<RunReport>(
      `${WORK} --iterations 400 --lr 0.2 --clamp --until 0.01 --out @until.png`,
    );
    expect(report.iterations).toBeLessThan(400);
    expect(report.objective).toHaveLength(report.iterations);
    const gain = (t: number): number => {
      const before = report.objective[t - 20] as number;
      return ((report.objective[t] as number) - before) / Math.abs(before);
    };
    expect(gain(report.iterations - 1)).toBeLessThan(0.01);
    for (let t = report.iterations - 21; t >= 20; t -= 20) expect(gain(t)).toBeGreaterThanOrEqual(0.01);
  });

  it("decodes a JPEG as Pillow does", async () => {
    const { file, pixels } = fixtures.find(({ name }) => name === "jpeg 4:2:0, progressive")!;
    writeFileSync(at("start.jpg"), Buffer.from(file, "base64"));
    await succeed(
      `${RENDER} --objective class:2 --size 16x24 --iterations 0 --init @start.jpg --out @same.png`,
    );
    expect([...decode(readFileSync(at("same.png"))).data]).toEqual([...Buffer.from(pixels, "base64")]);
  });

  it("takes a recipe, and flags before it", async () => {
    const recipe = {
      ...defaultRecipe,
      objective: "class:0",
      size: [16, 16],
      lr: 0.1,
      jitter: 2,
      seed: 9,
      iterations: 4,
    };
    writeFileSync(at("recipe.json"), JSON.stringify(recipe));
    await succeed(
      `${RENDER} --objective class:2 --recipe @recipe.json --lr 0.2 --out @from-recipe.safetensors`,
    );
    await succeed(`${WORK} --iterations 4 --lr 0.2 --jitter 2 --seed 9 --out @from-flags.safetensors`);
    expect(readFileSync(at("from-recipe.safetensors"))).toEqual(readFileSync(at("from-flags.safetensors")));
    const report = await succeed<RunReport>(`${WORK} --recipe default --iterations 3 --out @tuned.png`);
    expect(report.iterations).toBe(3);
  });

  it("changes settings on the way, and draws a picture again by the recipe that its file carries", async () => {
    const changes = "3:lr=0.3,5:weight1=-0.01";
    const steered = ["render", "--model", at("net.safetensors"), "--objective", "class:2 - 0.5*tv"];
    const words = [...steered, ..."--size 16 --iterations 9 --lr 0.1 --jitter 2".split(" ")];
    const draw = async (name: string, ...more: string[]) => {
      const { code, stderr } = await ascent([...words, ...more, "--out", at(name)]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      return decode(readFileSync(at(name))).data;
    };
    const changed = await draw("changed.png", "--changes", changes);
    expect(await draw("unchanged.png")).not.toEqual(changed);
    await succeed(`${RENDER} --recipe @changed.png --out @again.png`);
    expect(decode(readFileSync(at("again.png"))).data).toEqual(changed);
    expect(recipeTextOf(readFileSync(at("again.png")))).toContain(changes);
    writeFileSync(at("bare.png"), encode({ width: 1, height: 1, data: new Uint8Array(3), channels: 3 }));
    const bare = await ascent(`${RENDER} --recipe @bare.png --out @x.png`.replaceAll("@", at("")).split(" "));
    expect(bare.code).not.toBe(0);
    expect(bare.stderr).toContain("a PNG without one");
  });

  it("takes a recipe's L2 in the units of the network", async () => {
    const words = `${RENDER} --objective class:2 --size 16 --recipe cs231n --iterations 4`;
    // 1e-3 of pixels over their standard deviation, which is 0.229 for red.
    for (const [preprocess, l2] of [
      ["imagenet", 1e-3],
      ["caffe", 1e-3 / (0.229 * 255) ** 2],
    ] as const) {
      const [own, given] = [at(`${preprocess}-own.safetensors`), at(`${preprocess}-given.safetensors`)];
      const { objective } = await succeed<RunReport>(`${words} --preprocess ${preprocess} --out ${own}`);
      const same = await succeed<RunReport>(`${words} --preprocess ${preprocess} --l2 ${l2} --out ${given}`);
      const without = await succeed<RunReport>(`${words} --preprocess ${preprocess} --l2 0 --out @none.png`);
      expect(relativeError(objective ?? [], same.objective ?? [])).toBeLessThan(TOLERANCE);
      expect(objective).not.toEqual(without.objective);
    }
  });
});

describe.skipIf(!dawn)("bench", { timeout: LIMIT }, () => {
  it("reports speed, work, memory and the time of each dispatch", async () => {
    const report = await succeed<BenchReport>(
      "bench --model @net.safetensors --objective channel:conv2_2:1 --size 12 --batch 2 --iterations 5 --profile --json",
    );
    // Convolutions of whole layers, a multiplication and an addition a weight and position, both ways.
    const forward = 2 * 9 * (3 * 4 * 144 + 4 * 6 * 36 + 6 * 5 * 36);
    expect(report.flops).toBeGreaterThan(2 * 1.8 * forward);
    expect(report.flops).toBeLessThan(2 * 2.2 * forward);
    expect(report.encodingSeconds).toBeGreaterThan(0);
    expect(report.encodingSeconds).toBeLessThan(report.seconds);
    expect(report.gflops).toBeCloseTo((report.flops * report.iterationsPerSecond!) / 1e9, 9);
    expect(report).toMatchObject({ iterations: 5, batch: 2, size: [12, 12] });
    expect(report.objective).toHaveLength(5);
    expect(report.plannedBytes).toBeGreaterThan(2 * 3 * 144 * 4);
    expect(report.allocatedBytes).toBeGreaterThanOrEqual(report.plannedBytes);
    for (const { kernel, milliseconds } of report.kernelTimes ?? []) {
      expect(report.kernels).toContain(kernel);
      expect(milliseconds).toBeGreaterThanOrEqual(0);
    }
    const { limits, kernels } = report.profile!;
    expect(limits.fmaGflops).toBeGreaterThan(0);
    const [times, sum] = [report.kernelTimes!, (values: number[]) => values.reduce((a, b) => a + b, 0)];
    expect(sum(kernels.map(({ dispatches }) => dispatches))).toBe(times.length);
    expect(sum(kernels.map(({ share }) => share))).toBeCloseTo(1, 9);
    for (const { gflops, gbs, ofLimit } of kernels) {
      const fraction = Math.max((gflops ?? 0) / limits.fmaGflops, (gbs ?? 0) / limits.copyGbs);
      if (ofLimit !== null) expect(ofLimit).toBeCloseTo(fraction, 9);
    }
  });
});
