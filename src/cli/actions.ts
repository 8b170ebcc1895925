/** What each command does with its flags: checks, files, the run, and what is printed. */

import { extname } from "node:path";
import { parseVariants } from "../engine/kernels/variant-text.ts";
import { transformedSize } from "../engine/plan/transform-chain.ts";
import { InputError } from "../errors.ts";
import { imageSize } from "../methods/image.ts";
import { describeModel } from "../methods/info.ts";
import type { RenderTensors } from "../methods/render.ts";
import type { BenchReport, RunReport } from "../methods/report.ts";
import { writeSafetensors } from "../model/safetensors.ts";
import { convolutionNames } from "../model/shapes.ts";
import { parseObjective } from "../optvis/objective.ts";
import { fitTransparent } from "../optvis/picture.ts";
import { benchRecipe, type Recipe } from "../optvis/recipe.ts";
import { standardized } from "../optvis/standardize.ts";
import { transformsOf } from "../optvis/transforms/transforms.ts";
import { hangWall } from "../optvis/wall.ts";
import { atlas } from "./atlas.ts";
import { checkBatch } from "./batch-check.ts";
import { examples } from "./examples.ts";
import { expectOutput, readInput, writeOutput } from "./files.ts";
import {
  type BenchFlags,
  type GradientFlags,
  type InfoFlags,
  type RenderFlags,
  renderRecipe,
} from "./flags.ts";
import { readImage, readTarget, shownOnWhite } from "./images.ts";
import { createPhotoActions } from "./photo-actions.ts";
import { readPicture, writePicture } from "./pictures.ts";
import type { Actions } from "./program.ts";
import {
  checkObjective,
  executeWithProgress,
  GIVE_TARGET,
  NO_TARGET,
  print,
  remark,
  weightsOf,
  withModel,
} from "./running.ts";
import { benchText, infoText, runText } from "./tables.ts";

/** @param startedAt when the process started, in milliseconds since the epoch */
export function createActions(startedAt: number): Actions {
  return {
    info,
    gradient,
    render: (flags) => render(flags, startedAt),
    bench: (flags) => bench(flags, startedAt),
    atlas: (flags) => atlas(flags, startedAt),
    examples: (flags) => examples(flags, startedAt),
    photographs: createPhotoActions(startedAt),
  };

  async function gradient(flags: GradientFlags): Promise<void> {
    await expectOutput(flags.out, [".safetensors"]);
    const image = await readImage(flags.image);
    const [, height, width] = imageSize(image.shape);
    const weights = await weightsOf(flags);
    await withModel(weights, (model) =>
      checkObjective(
        model,
        flags.objective,
        [height, width],
        flags.target === undefined ? GIVE_TARGET : undefined,
      ),
    );
    const target =
      flags.target === undefined ? {} : { target: await readTarget(flags.target, [height, width]) };
    const job = { command: "gradient", objective: flags.objective, image, ...target } as const;
    const context = { runtime: flags.runtime, startedAt };
    const { report, tensors } = await executeWithProgress(weights, job, 0, context);
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
  const weights = await weightsOf(flags);
  const recipe = await withModel(weights, async (model) => {
    const asked = await renderRecipe(flags, model.preprocess);
    const hasPhoto = flags.target !== undefined || asked.init === "photo";
    const seen = transformedSize(transformsOf(asked), asked.size);
    checkObjective(model, asked.objective, seen, hasPhoto ? undefined : GIVE_TARGET);
    checkBatch(parseObjective(asked.objective, model.network), asked.batch);
    return asked;
  });
  const photo = recipe.init === "photo" ? { photo: await startPhoto(flags.init, recipe) } : {};
  const target = flags.target === undefined ? {} : { target: await readTarget(flags.target, recipe.size) };
  const { drawSize } = flags;
  if (drawSize && recipe.param !== "cppn") {
    throw new InputError(`--draw-size: expected --param cppn with it, got ${recipe.param}`, {
      remedy: "the others are of one size: use --size",
    });
  }
  const until = flags.until === undefined ? {} : { until: flags.until };
  const { report, tensors } = await executeWithProgress(
    weights,
    { command: "render", recipe, ...photo, ...target, ...until, ...(drawSize && { drawSize }) },
    recipe.iterations,
    { runtime: flags.runtime, startedAt },
  );
  const { image, alpha } = tensors as RenderTensors;
  const isPng = extname(flags.out).toLowerCase() === ".png";
  const shown = recipe.standardize ? standardized(image.data, recipe.batch) : image.data;
  const wall = hangWall(shown, recipe.batch, drawSize ?? recipe.size, alpha?.data);
  const bytes = isPng ? writePicture(wall.rgb, wall.size, wall.alpha) : writeSafetensors(tensors);
  await writeOutput(flags.out, bytes);
  print(flags.json ? JSON.stringify(report) : `${flags.out}: ${runText(report as RunReport)}`);
}

async function bench(flags: BenchFlags, startedAt: number): Promise<void> {
  const { objective, size, batch, iterations } = flags;
  const weights = await weightsOf(flags);
  const { kernels, profile = false, tune = false } = flags;
  await withModel(weights, (model) => {
    checkObjective(model, objective, size, NO_TARGET);
    if (kernels !== undefined) parseVariants(kernels, convolutionNames(model.network));
  });
  const recipe = { ...benchRecipe, objective, size, batch, iterations };
  if (tune && flags.runtime !== "dawn") {
    throw new InputError(`--tune: times kernels on dawn, got --runtime ${flags.runtime}`, {
      remedy: "for a browser, open the page with ?bench in it",
    });
  }
  const { report } = await executeWithProgress(
    weights,
    { command: "bench", recipe, profile, kernels, tune },
    iterations,
    {
      runtime: flags.runtime,
      startedAt,
    },
  );
  print(flags.json ? JSON.stringify(report) : benchText(report as BenchReport));
}

/** RGB, or with an alpha channel RGBA; without one, what is transparent is shown on white, and that is said. */
async function startPhoto(path: string | undefined, { alpha, size }: Recipe): Promise<Float32Array> {
  if (path === undefined) {
    throw new InputError("--init: the recipe starts from a photo, got none", {
      remedy: "give its path: --init PHOTO",
    });
  }
  const bytes = await readInput(
    path,
    "--init",
    "an ascent starts from zeros, noise, or a photograph by its path",
  );
  const picture = await readPicture(bytes, path, "--init");
  if (alpha) return fitTransparent(picture, size);
  const tell = (text: string): void => remark(`${text}; --alpha keeps its opacity`);
  return shownOnWhite(picture, size, `--init: ${path}`, tell);
}
