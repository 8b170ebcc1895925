/** What the commands that start from a photograph do with their flags. */

import { extname } from "node:path";
import type { AttributionMethod } from "../commands/attribution.ts";
import { onePhoto } from "../commands/image.ts";
import { usualSize } from "../commands/info.ts";
import type { Job } from "../commands/job.ts";
import type { AttributionReport, FoolReport, Result, Tensor } from "../commands/report.ts";
import { writeSafetensors } from "../model/safetensors.ts";
import type { Weights } from "./execute.ts";
import { expectOutput, writeOutput } from "./files.ts";
import { withoutUndefined } from "./flags.ts";
import { readImageOrPhoto } from "./images.ts";
import { mapPicture, overPhoto } from "./map-pictures.ts";
import type { AttributionFlags, FoolFlags } from "./photo-flags.ts";
import type { PhotoActions } from "./photo-program.ts";
import { writePicture } from "./pictures.ts";
import { checkObjective, executeWithProgress, print, weightsOf, withModel } from "./running.ts";
import { figure } from "./tables.ts";

/** @param startedAt when the process started, in milliseconds since the epoch */
export function createPhotoActions(startedAt: number): PhotoActions {
  return { attribution, fool };

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
    await write(flags.out, tensors, () => (method === "gradcam" ? overPhoto(map, image) : mapPicture(map)));
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
}

/** Reads and checks what every one of these commands is given. */
async function prepare(
  flags: AttributionFlags | FoolFlags,
  objective: string,
): Promise<{ weights: Weights; image: Tensor }> {
  await expectOutput(flags.out, [".png", ".safetensors"]);
  const weights = await weightsOf(flags);
  const usual = await withModel(weights, (model) => usualSize(model.network));
  const image = await readImageOrPhoto(flags.image, flags.size, usual);
  await withModel(weights, (model) => checkObjective(model, objective, onePhoto(image)));
  return { weights, image };
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
  const end = fooled ? `now ${after.name}` : `still ${after.name}`;
  return `${before.name}, ${end} after ${iterations} steps, ${levels} of 255 levels away (root mean square)`;
}
