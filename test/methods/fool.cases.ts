/** Fooling a network with a photograph, step by step, against PyTorch float64 on real networks. */
import { fool } from "../../src/methods/fool.ts";
import { openModel } from "../../src/model/model.ts";
import type { Preprocess } from "../../src/model/network.ts";
import { bytesSource } from "../../src/model/source.ts";
import { readFloats } from "../fixtures/fixtures.ts";
import fixtures from "../fixtures/fools.json" with { type: "json" };
import type { Assets, GpuCase } from "../stacks/case.ts";
import { medianOverRms, relativeL2 } from "../support/error.ts";
import { gpuOf } from "../support/gpu.ts";

type Fixture = (typeof fixtures)[number];

/** Relative L2 of the class's score along the way, as for the objectives of gradients, where rounding flips no decision. */
const SCORE_TOLERANCE = 1e-4;
/** Median of |error| over rms of the change, as for gradients on photographs. */
const MEDIAN_TOLERANCE = 1e-4;
/**
 * Times what rounding and disturbed weights change it and the scores (`fools.py`), relative L2: decisions of ReLUs and pools that are near a tie are
 * flipped by rounding too, whose errors are ten times smaller.
 */
const FLIPPED = 2;
/** A sum of float64 squares of the same float32 numbers, in another order. */
const DISTANCE_TOLERANCE = 1e-6;

async function follow(device: GPUDevice, assets: Assets, fixture: Fixture): Promise<void> {
  const { name, file, preprocess, padding, size, target, lr, scores } = fixture;
  const model = await openModel(bytesSource(file, await assets.read(file)), {
    preprocess: preprocess as Preprocess,
    padding: padding as 0 | 1,
  });
  const bytes = await assets.read(photoOf(fixture));
  const data = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  const options = { objective: `class:${target}`, lr, image: { shape: [1, 3, ...size], data } };
  const { report, tensors } = await fool.run(gpuOf(device), model, options, {
    runtime: "browser",
    startedAt: 0,
  });
  const { before, after, iterations } = report;
  if (before.index !== fixture.before) throw new Error(`it was ${before.index}, not ${fixture.before}`);
  if (iterations !== fixture.iterations)
    throw new Error(`${iterations} steps, expected ${fixture.iterations}`);
  if (!report.fooled || after.index !== target) throw new Error(`it is still ${after.index}`);
  expectNear("the score before", relativeL2([before.score], [fixture.beforeScore]), SCORE_TOLERANCE);
  const along = [...report.scores, report.objective];
  const bound = Math.max(SCORE_TOLERANCE, FLIPPED * fixture.scoresSensitivity);
  expectNear("the class's scores", relativeL2(along, scores), bound);
  const expected = await readFloats(assets, "test/fixtures/fools.safetensors", name);
  const change = tensors.image.data.map((x, i) => x - data[i]!);
  expectNear("the median change", medianOverRms(change, expected), MEDIAN_TOLERANCE);
  expectNear("the change", relativeL2(change, expected), FLIPPED * fixture.sensitivity);
  const distance = Math.sqrt(change.reduce((sum, x) => sum + x ** 2, 0) / change.length);
  expectNear("the distance", relativeL2([report.distance], [distance]), DISTANCE_TOLERANCE);
}

/** @param error NaN is never near */
function expectNear(what: string, error: number, tolerance: number): void {
  if (!(error < tolerance)) throw new Error(`${what}: ${error} off`);
}

function photoOf({ photo, size }: Fixture): string {
  return `../shared/data/photos/${photo}.jpg?${size.join("x")}`;
}

export const cases: readonly GpuCase[] = fixtures.map((fixture) => ({
  name: `fool: ${fixture.name}`,
  // The embedded network's architecture with other weights.
  once: fixture.file.includes("standin"),
  needs: [fixture.file, photoOf(fixture)],
  run: (device, assets) => follow(device, assets, fixture),
}));
