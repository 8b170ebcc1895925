/** DeepDream with octaves, as the command makes it, against PyTorch float64 on the real VGG-19. */
import { dream } from "../../src/methods/dream.ts";
import type { Preprocess } from "../../src/model/network.ts";
import fixtures from "../fixtures/dreams.json" with { type: "json" };
import { openWeights, readFloats } from "../fixtures/fixtures.ts";
import type { Assets, GpuCase } from "../stacks/case.ts";
import { gpuOf } from "../support/gpu.ts";

type Fixture = (typeof fixtures)[number];

/** Median of |error| in RGB 0–1 units: a thousandth of a level of 255, on steps of several levels. */
const TOLERANCE = 4e-6;

async function compare(device: GPUDevice, assets: Assets, fixture: Fixture): Promise<void> {
  const model = await openWeights(assets, fixture.file, fixture.preprocess as Preprocess);
  const bytes = await assets.read(photoOf(fixture));
  const data = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  const [height, width] = fixture.size as [number, number];
  const { objective, octaves, scale: octaveScale, iterations, lr, jitter, seed } = fixture;
  const settings = { octaves, octaveScale, iterations, lr, jitter, seed };
  const options = { objective, ...settings, image: { shape: [1, 3, height, width], data } };
  const context = { runtime: "browser", startedAt: 0 } as const;
  const { report, tensors } = await dream.run(gpuOf(device), model, options, context);
  if (report.octaves.length !== fixture.octaves) throw new Error(`${report.octaves.length} octaves`);
  const expected = await readFloats(assets, "test/fixtures/dreams.safetensors", fixture.name);
  const image = tensors["image"]!.data;
  const errors = expected.map((x, i) => Math.abs(x - image[i]!)).sort();
  const median = errors[errors.length >> 1]!;
  if (!(median < TOLERANCE)) throw new Error(`the median error is ${median}`);
  const moved = expected.reduce((sum, x, i) => sum + Math.abs(x - data[i]!), 0) / expected.length;
  if (!(moved > 0.005)) throw new Error(`the photograph changed by ${moved} only`);
}

function photoOf({ photo, size }: Fixture): string {
  return `../shared/data/photos/${photo}.jpg?${size.join("x")}`;
}

export const cases: readonly GpuCase[] = fixtures.map((fixture) => ({
  name: `dream: ${fixture.name}, ${fixture.objective}`,
  needs: [`../shared/data/weights/${fixture.file}`, photoOf(fixture)],
  run: (device, assets) => compare(device, assets, fixture),
}));
