/** Maps of which pixels matter, as the commands make them, against PyTorch float64 on real networks. */
import { type Job, runJob } from "../../src/methods/job.ts";
import { openModel } from "../../src/model/model.ts";
import type { Preprocess } from "../../src/model/network.ts";
import { bytesSource } from "../../src/model/source.ts";
import fixtures from "../fixtures/attributions.json" with { type: "json" };
import { readFloats } from "../fixtures/fixtures.ts";
import { noiseImage } from "../fixtures/hashing.ts";
import type { Assets, GpuCase } from "../stacks/case.ts";
import { medianOverRms, relativeL2 } from "../support/error.ts";
import { gpuOf } from "../support/gpu.ts";

const FILE = "test/fixtures/attributions.safetensors";
/** Relative L2 on noise that is free of near-ties, as for gradients. */
const TOLERANCE = 1e-4;
/** Median of |error| over rms on photographs, whose near-ties rounding may break; as for their gradients. */
const MEDIAN_TOLERANCE = 1e-5;

/** A line of `attributions.json`; the image is noise by its seed, or a photograph. */
interface Fixture {
  readonly name: string;
  readonly file: string;
  readonly preprocess: string;
  readonly padding: number;
  readonly objective: string;
  readonly method: string;
  readonly size: readonly number[];
  readonly photo?: string;
  readonly seed?: number;
  readonly layer?: string;
  readonly samples?: number;
  readonly sigma?: number;
  readonly steps?: number;
}

const lines: readonly Fixture[] = fixtures;

async function compare(device: GPUDevice, assets: Assets, fixture: Fixture): Promise<void> {
  const { file, preprocess, padding, photo } = fixture;
  const weights = await assets.read(`../shared/data/weights/${file}`);
  const model = await openModel(bytesSource(file, weights), {
    preprocess: preprocess as Preprocess,
    padding: padding as 0 | 1,
  });
  const job = await jobOf(assets, fixture);
  const context = { runtime: "browser", startedAt: 0 } as const;
  const { tensors } = await runJob(gpuOf(device), model, job, context);
  for (const [name, { data }] of Object.entries(tensors)) {
    if (name === "gradient") continue;
    const expected = await readFloats(assets, FILE, `${fixture.name}/${name}`);
    const error = photo === undefined ? relativeL2(data, expected) : medianOverRms(data, expected);
    if (!(error < (photo === undefined ? TOLERANCE : MEDIAN_TOLERANCE))) {
      throw new Error(`${name} is ${error} off`);
    }
  }
}

async function jobOf(assets: Assets, fixture: Fixture): Promise<Job> {
  const [height, width] = fixture.size as readonly [number, number];
  const shape = [1, 3, height, width] as const;
  const { photo, seed = 0, layer, samples, sigma, steps } = fixture;
  const data = photo === undefined ? noiseImage(seed, shape) : await pixels(assets, photo, [height, width]);
  const { method, objective } = fixture;
  return {
    method,
    options: { objective, image: { shape, data }, seed, layer, samples, sigma, steps },
  } as Job;
}

async function pixels(assets: Assets, photo: string, size: readonly number[]): Promise<Float32Array> {
  const bytes = await assets.read(photoPath(photo, size));
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
}

function photoPath(photo: string, size: readonly number[]): string {
  return `../shared/data/photos/${photo}.jpg?${size.join("x")}`;
}

export const cases: readonly GpuCase[] = lines.map((fixture) => {
  const { name, file, photo, size, samples, steps } = fixture;
  const photos = photo === undefined ? [] : [photoPath(photo, size)];
  return {
    name: `map: ${name}`,
    // Many gradients of a deep network in a row are no other kernels than one.
    once: (samples ?? steps ?? 1) > 4,
    needs: [`../shared/data/weights/${file}`, ...photos],
    run: (device, assets) => compare(device, assets, fixture),
  };
});
