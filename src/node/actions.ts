/** What each command does with its flags: checks, files, the run, and what is printed. */

import { extname } from "node:path";
import { imageSize } from "../commands/gradient.ts";
import { describeModel } from "../commands/info.ts";
import type { Job } from "../commands/job.ts";
import type { BenchReport, RunContext, RunReport, Tensor } from "../commands/report.ts";
import { InputError } from "../errors.ts";
import { openModel } from "../model/model.ts";
import type { Model } from "../model/network.ts";
import { readHeader, readTensor, writeSafetensors } from "../model/safetensors.ts";
import { layerShapes } from "../model/shapes.ts";
import { bytesSource } from "../model/source.ts";
import { parseObjective, placeObjective } from "../optvis/objective.ts";
import { fitPhoto } from "../optvis/picture.ts";
import { defaultRecipe } from "../optvis/recipe.ts";
import { execute, type Weights } from "./execute.ts";
import { expectOutput, fileSource, modelPath, readInput, writeOutput } from "./files.ts";
import {
  type BenchFlags,
  type GradientFlags,
  type InfoFlags,
  type RenderFlags,
  renderRecipe,
} from "./flags.ts";
import { readPicture, writePicture } from "./pictures.ts";
import type { Actions } from "./program.ts";
import { startProgress } from "./progress.ts";
import { benchText, infoText, runText } from "./tables.ts";

/** @param startedAt when the process started, in milliseconds since the epoch */
export function createActions(startedAt: number): Actions {
  return {
    info,
    gradient,
    render: (flags) => render(flags, startedAt),
    bench: (flags) => bench(flags, startedAt),
  };

  async function gradient(flags: GradientFlags): Promise<void> {
    await expectOutput(flags.out, [".safetensors"]);
    const image = await readImage(flags.image);
    const [, height, width] = imageSize(image.shape);
    const weights = await weightsOf(flags);
    await withModel(weights, (model) => checkObjective(model, flags.objective, [height, width]));
    const job = { command: "gradient", objective: flags.objective, image } as const;
    const { report, tensors } = await execute(weights, job, { runtime: flags.runtime, startedAt });
    await writeOutput(flags.out, writeSafetensors(tensors));
    print(flags.json ? JSON.stringify(report) : `gradient written to ${flags.out}`);
  }
}

async function info(flags: InfoFlags): Promise<void> {
  const description = await withModel(await weightsOf(flags), (model) => describeModel(model, flags.size));
  print(flags.json ? JSON.stringify(description) : infoText(description));
}

async function render(flags: RenderFlags, startedAt: number): Promise<void> {
  await expectOutput(flags.out, [".png", ".safetensors"]);
  const recipe = await renderRecipe(flags);
  const weights = await weightsOf(flags);
  await withModel(weights, (model) => checkObjective(model, recipe.objective, recipe.size));
  const photo = recipe.init === "photo" ? { photo: await startPhoto(flags.init, recipe.size) } : {};
  const until = flags.until === undefined ? {} : { until: flags.until };
  const { report, tensors } = await executeWithProgress(
    weights,
    { command: "render", recipe, ...photo, ...until },
    { runtime: flags.runtime, startedAt },
  );
  const image = tensors["image"] as Tensor;
  const isPng = extname(flags.out).toLowerCase() === ".png";
  await writeOutput(flags.out, isPng ? writePicture(image.data, recipe.size) : writeSafetensors({ image }));
  print(flags.json ? JSON.stringify(report) : `${flags.out}: ${runText(report as RunReport)}`);
}

async function bench(flags: BenchFlags, startedAt: number): Promise<void> {
  const { objective, size, batch, iterations } = flags;
  const weights = await weightsOf(flags);
  await withModel(weights, (model) => checkObjective(model, objective, size));
  const recipe = { ...defaultRecipe, objective, size, batch, iterations };
  const { report } = await executeWithProgress(
    weights,
    { command: "bench", recipe },
    { runtime: flags.runtime, startedAt },
  );
  print(flags.json ? JSON.stringify(report) : benchText(report as BenchReport));
}

async function executeWithProgress(
  weights: Weights,
  job: Exclude<Job, { command: "gradient" }>,
  context: RunContext,
) {
  const progress = startProgress(job.recipe.iterations);
  try {
    return await execute(weights, job, { ...context, onProgress: (iteration) => progress.update(iteration) });
  } finally {
    progress.stop();
  }
}

async function weightsOf(flags: InfoFlags): Promise<Weights> {
  return {
    path: await modelPath(flags.model),
    ...(flags.preprocess === undefined ? {} : { preprocess: flags.preprocess }),
    ...(flags.padding === undefined ? {} : { padding: flags.padding === "0" ? 0 : 1 }),
  };
}

async function withModel<T>(weights: Weights, use: (model: Model) => T): Promise<T> {
  const source = await fileSource(weights.path);
  try {
    return use(await openModel(source, weights));
  } finally {
    source.close();
  }
}

/** What can be refused without a GPU is refused before one is looked for or a browser is started. */
function checkObjective(model: Model, spec: string, size: readonly [number, number]): void {
  for (const term of parseObjective(spec, model.network).terms) {
    placeObjective({ terms: [term] }, layerShapes(model.network, size, { upTo: term.layer }));
  }
}

/** `image` of a .safetensors file. */
async function readImage(path: string): Promise<Tensor> {
  const source = bytesSource(path, await readInput(path, "--image"));
  const header = await readHeader(source);
  const info = header.tensors.get("image");
  if (info?.dtype !== "F32") {
    const got = info?.dtype ?? ([...header.tensors.keys()].slice(0, 3).join(", ") || "no tensors");
    throw new InputError(`--image: expected a tensor image, F32 [N,3,H,W], got ${got}: ${path}`);
  }
  return readTensor(source, header, "image");
}

async function startPhoto(path: string | undefined, size: readonly [number, number]): Promise<Float32Array> {
  if (path === undefined) {
    throw new InputError("--init: the recipe starts from a photo, got none", {
      remedy: "give its path: --init PHOTO",
    });
  }
  return fitPhoto(readPicture(await readInput(path, "--init"), path), size);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
