/** The file that ships: what it holds, and that it classifies as it did where it was trained. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readPhoto } from "../../src/cli/images.ts";
import { createAscent } from "../../src/engine/run/ascent.ts";
import { type Gpu, requestGpu } from "../../src/gpu/device.ts";
import { openModel } from "../../src/model/model.ts";
import { readHeader } from "../../src/model/safetensors.ts";
import { bytesSource } from "../../src/model/source.ts";
import { defaultRecipe } from "../../src/optvis/recipe.ts";
import { hasAsset } from "../stacks/assets.ts";
import { startDawn } from "../stacks/dawn.ts";
import { ROOT, stackEnvironment, wantedStacks } from "../stacks/environment.ts";

const bytes = new Uint8Array(readFileSync(join(ROOT, "weights/ascent-vgg.safetensors")));
const evaluation = JSON.parse(readFileSync(join(ROOT, "weights/evaluation.json"), "utf8")) as {
  readonly sha256: string;
  readonly perClass: Readonly<Record<string, number>>;
  readonly sample: {
    readonly files: readonly string[];
    readonly predicted: readonly number[];
    readonly right: number;
  };
};
const source = () => bytesSource("ascent-vgg.safetensors", bytes);

/** Output channels of the convolutions, by their index in torchvision's `features`. */
const WIDTHS = { 0: 32, 3: 64, 5: 64, 8: 128, 10: 128, 13: 256, 15: 256, 18: 384, 20: 384 };

test("is the file that was measured, at most 8 MB", () => {
  expect(createHash("sha256").update(bytes).digest("hex")).toBe(evaluation.sha256);
  expect(bytes.length).toBeLessThanOrEqual(8e6);
});

test("holds five blocks of 3×3 convolutions and a linear layer of 100 classes, in F16", async () => {
  const { tensors, metadata } = await readHeader(source());
  const widths = Object.entries(WIDTHS);
  const expected = widths.flatMap(([index, width], i): [string, number[]][] => [
    [`features.${index}.weight`, [width, i === 0 ? 3 : widths[i - 1]![1], 3, 3]],
    [`features.${index}.bias`, [width]],
  ]);
  expected.push(["classifier.weight", [100, 384]], ["classifier.bias", [100]]);
  const found = [...tensors].map(([name, { shape }]) => [name, [...shape]]);
  expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected));
  expect(new Set([...tensors.values()].map(({ dtype }) => dtype))).toEqual(new Set(["F16"]));
  expect(metadata["preprocess"]).toBe("imagenet");
  expect(JSON.parse(metadata["classes"] ?? "")).toEqual(Object.keys(evaluation.perClass));
  const { network } = await openModel(source());
  const convolutions = network.layers.filter(({ kind }) => kind === "conv").map(({ name }) => name);
  const names = "conv1_1 conv2_1 conv2_2 conv3_1 conv3_2 conv4_1 conv4_2 conv5_1 conv5_2";
  expect(convolutions.join(" ")).toBe(names);
});

const ARCHIVE = "../shared/data/train/val.tar.xz";
const environment = stackEnvironment("dawn");
const absent = !hasAsset(ARCHIVE) || !wantedStacks().includes("dawn");

describe.skipIf(absent)("on 200 validation images", () => {
  test("takes each for the class that the training script logged", { timeout: 240_000 }, async () => {
    const { files, predicted, right } = evaluation.sample;
    expect(files).toHaveLength(200);
    const gpu = await requestGpu(await startDawn(environment));
    const classes = await classify(gpu, await unpack(files));
    gpu.dispose();
    const agreeing = classes.filter((found, i) => found === predicted[i]).length;
    expect(agreeing).toBeGreaterThanOrEqual(199);
    const hits = classes.filter((found, i) => found === Number(files[i]!.split("/").at(-2))).length;
    expect(Math.abs(hits - right)).toBeLessThanOrEqual(1);
  });
});

/** RGB in 0–1 units, (3,64,64) each, decoded as libjpeg does it, which the training script uses. */
async function unpack(files: readonly string[]): Promise<Float32Array[]> {
  const folder = mkdtempSync(join(tmpdir(), "ascent-validation-"));
  try {
    execFileSync("tar", ["-xJf", join(ROOT, ARCHIVE), "-C", folder, ...files]);
    return await Promise.all(files.map((file) => readPhoto(join(folder, file), [64, 64], file)));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const BATCH = 50;

/** The class of the largest logit of every image. */
async function classify(gpu: Gpu, images: readonly Float32Array[]): Promise<number[]> {
  const recipe = { ...defaultRecipe, objective: "layer:logits", size: [64, 64] as const, batch: BATCH };
  const ascent = await createAscent(gpu, await openModel(source()), recipe, {
    plan: { keep: "logits", convVariant: () => "winograd4_16x8" },
  });
  const classes: number[] = [];
  for (let first = 0; first < images.length; first += BATCH) {
    const batch = new Float32Array(BATCH * 3 * 64 * 64);
    images.slice(first, first + BATCH).forEach((image, i) => {
      batch.set(image, i * image.length);
    });
    await ascent.gradient(batch);
    const logits = await ascent.readActivation("logits");
    for (let i = 0; i < BATCH; i++) {
      const row = logits.subarray(100 * i, 100 * (i + 1));
      classes.push(row.indexOf(Math.max(...row)));
    }
  }
  ascent.dispose();
  return classes;
}
