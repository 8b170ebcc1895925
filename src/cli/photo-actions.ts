/** What the commands that start from a photograph do with their flags. */

import { extname } from "node:path";
import { InputError } from "../errors.ts";
import type { AttributionMethod } from "../methods/attribution.ts";
import { dreamDefaults } from "../methods/dream.ts";
import { onePhoto } from "../methods/image.ts";
import { usualSize } from "../methods/info.ts";
import type { Job } from "../methods/job.ts";
import { reconstructDefaults } from "../methods/reconstruct.ts";
import type {
  AttributionReport,
  DreamReport,
  FoolReport,
  GridReport,
  Result,
  RunReport,
  Tensor,
} from "../methods/report.ts";
import { writeSafetensors } from "../model/safetensors.ts";
import { mapInGrey, mapOverPhoto } from "../optvis/map-picture.ts";
import type { Weights } from "../runtime/protocol.ts";
import { expectOutput, writeOutput } from "./files.ts";
import { withoutUndefined } from "./flags.ts";
import { readImageOrPhoto } from "./images.ts";
import type {
  AttributionFlags,
  DreamFlags,
  FoolFlags,
  GridFlags,
  PhotoFlags,
  ReconstructFlags,
} from "./photo-flags.ts";
import type { PhotoActions } from "./photo-program.ts";
import { writePicture } from "./pictures.ts";
import { checkObjective, executeWithProgress, NO_TARGET, print, weightsOf, withModel } from "./running.ts";
import { figure, runText } from "./tables.ts";

/** @param startedAt when the process started, in milliseconds since the epoch */
export function createPhotoActions(startedAt: number): PhotoActions {
  return { attribution, fool, reconstruct, dream, grid };

  async function attribution(method: AttributionMethod, flags: AttributionFlags): Promise<void> {
    const { weights, image } = await prepare(flags, flags.objective);
    const { objective, layer, samples, sigma, seed, steps } = flags;
    const given = withoutUndefined({ layer, samples, sigma, seed, steps });
    const job: Job = { command: "attribution", method, objective, image, ...given };
    const total = method === "smoothgrad" ? samples : method === "integrated" ? steps : undefined;
    const context = { runtime: flags.runtime, startedAt };
    const result = await executeWithProgress(weights, job, total ?? 50, context);
    const { report, tensors } = result as Result<AttributionReport>;
    const map = tensors["map"] as Tensor;
    await write(flags.out, tensors, () => {
      const rgb = method === "gradcam" ? mapOverPhoto(map.data, image.data) : mapInGrey(map.data);
      return pictureOf({ shape: map.shape, data: rgb });
    });
    const where = report.layer === undefined ? "" : ` of ${report.layer}`;
    print(
      flags.json
        ? JSON.stringify(report)
        : `${flags.out}: ${method}${where}, objective ${figure(report.objective)}`,
    );
  }

  async function fool(flags: FoolFlags): Promise<void> {
    const { weights, image } = await prepare(flags, flags.objective);
    const { objective, lr, iterations } = flags;
    const job: Job = { command: "fool", objective, image, ...withoutUndefined({ lr, iterations }) };
    const context = { runtime: flags.runtime, startedAt };
    const { report, tensors } = (await executeWithProgress(weights, job, 0, context)) as Result<FoolReport>;
    await write(flags.out, tensors, () => pictureOf(tensors["image"] as Tensor));
    print(flags.json ? JSON.stringify(report) : `${flags.out}: ${foolText(report)}`);
  }

  async function reconstruct(method: "invert" | "caricature", flags: ReconstructFlags): Promise<void> {
    const { layer, iterations, lr, tv, jitter, power, seed, param } = flags;
    const { weights, image } = await prepare(flags, `layer:${layer}`);
    const given = withoutUndefined({ iterations, lr, tv, jitter, power, seed, param });
    const job: Job = { command: "reconstruct", method, layer, image, ...given };
    const steps = iterations ?? reconstructDefaults[method].iterations;
    const report = (await make(flags, weights, job, steps)) as RunReport;
    print(flags.json ? JSON.stringify(report) : `${flags.out}: ${runText(report)}`);
  }

  async function dream(flags: DreamFlags): Promise<void> {
    const objective = oneObjective(flags);
    const { weights, image } = await prepare(flags, objective);
    const { octaves, octaveScale: scale, iterations, lr, jitter, seed } = flags;
    const given = withoutUndefined({ octaves, scale, iterations, lr, jitter, seed });
    const job: Job = { command: "dream", objective, image, ...given };
    const steps = (octaves ?? dreamDefaults.octaves) * (iterations ?? dreamDefaults.iterations);
    const report = (await make(flags, weights, job, steps)) as DreamReport;
    const sizes = report.octaves.map((size) => size.join("×")).join(", ");
    print(
      flags.json
        ? JSON.stringify(report)
        : `${flags.out}: octaves ${sizes}; objective ${figure(report.objective)}`,
    );
  }

  async function grid(flags: GridFlags): Promise<void> {
    const { layer, cells, cell, iterations, power, batch, seed } = flags;
    const { weights, image } = await prepare(flags, `layer:${layer}`);
    const given = withoutUndefined({ cells, cell, iterations, power, batch, seed });
    const job: Job = { command: "grid", layer, image, ...given };
    const report = (await make(flags, weights, job, 0)) as GridReport;
    const text = `${flags.out}: ${layer}, ${report.rows}×${report.columns} cells`;
    print(flags.json ? JSON.stringify(report) : text);
  }

  /** Runs a job that makes an image, and writes it. */
  async function make(flags: PhotoFlags, weights: Weights, job: Job, steps: number) {
    const context = { runtime: flags.runtime, startedAt };
    const { report, tensors } = await executeWithProgress(weights, job, steps, context);
    await write(flags.out, tensors, () => pictureOf(tensors["image"] as Tensor));
    return report;
  }
}

/** Reads and checks what every one of these commands is given. */
async function prepare(flags: PhotoFlags, objective: string): Promise<{ weights: Weights; image: Tensor }> {
  await expectOutput(flags.out, [".png", ".safetensors"]);
  const weights = await weightsOf(flags);
  const usual = await withModel(weights, (model) => usualSize(model.network));
  const image = await readImageOrPhoto(flags.image, flags.size, usual);
  await withModel(weights, (model) => checkObjective(model, objective, onePhoto(image), NO_TARGET));
  return { weights, image };
}

/** `--layer NAME` is short for `--objective layer:NAME`. */
function oneObjective({ layer, objective }: DreamFlags): string {
  if (layer !== undefined && objective !== undefined) {
    throw new InputError("--layer and --objective: expected one of them, got both");
  }
  if (layer === undefined && objective === undefined) {
    throw new InputError("expected --layer NAME or --objective SPEC, got neither");
  }
  return objective ?? `layer:${layer}`;
}

/** Everything into a .safetensors, or a picture of it into a .png. */
async function write(
  path: string,
  tensors: Readonly<Record<string, Tensor>>,
  picture: () => Uint8Array,
): Promise<void> {
  const isPng = extname(path).toLowerCase() === ".png";
  await writeOutput(path, isPng ? picture() : writeSafetensors(tensors));
}

function pictureOf({ shape, data }: Tensor): Uint8Array {
  return writePicture(data, [shape[2] as number, shape[3] as number]);
}

function foolText({ before, after, fooled, iterations, distance }: FoolReport): string {
  const levels = figure(255 * distance);
  const steps = iterations === 1 ? "step" : "steps";
  const end = fooled ? `now ${after.name}` : `still ${after.name}`;
  return `${before.name}, ${end} after ${iterations} ${steps}, ${levels} of 255 levels away (root mean square)`;
}
