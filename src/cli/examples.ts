/** `examples` reads, runs and ranks some images at a time, so that a folder may hold any number of them. */

import { extname } from "node:path";
import { InputError } from "../errors.ts";
import {
  type Example,
  type ExamplesReport,
  examples as method,
  soughtObjective,
  strongestFirst,
} from "../methods/examples.ts";
import { usualSize } from "../methods/info.ts";
import type { Sought } from "../methods/method.ts";
import type { RuntimeName, Tensor } from "../methods/report.ts";
import { exampleSheet } from "../methods/shared/example-sheet.ts";
import { figure, table } from "../methods/shared/text.ts";
import type { Size } from "../model/network.ts";
import { writeSafetensors } from "../model/safetensors.ts";
import { inRgb } from "../optvis/grey.ts";
import type { Weights } from "../runtime/protocol.ts";
import { expectOutput, writeOutput } from "./files.ts";
import type { CommonFlags } from "./flags.ts";
import { type ImageList, type ListedImage, listImages } from "./image-list.ts";
import { writePicture } from "./pictures.ts";
import { startProgress } from "./progress.ts";
import {
  checkObjective,
  NO_TARGET,
  print,
  remarkRestart,
  weightsOf,
  withNetwork,
  withRuntime,
} from "./running.ts";
import { subjects } from "./subjects.ts";

export interface ExamplesFlags extends CommonFlags {
  readonly images: readonly string[];
  readonly objective?: string;
  readonly layer?: string;
  readonly channel?: number;
  readonly top?: number;
  readonly size?: Size;
  readonly out: string;
}

/** Numbers of the images that are in memory at once: 167 at 224×224, 100 MB. */
const CHUNK_NUMBERS = 25e6;

/** An image that was read, and what was found in it. */
interface Ranked extends Omit<Example, "index"> {
  readonly file: string;
  readonly rgb: Float32Array;
}

interface Skipped {
  readonly file: string;
  readonly why: string;
}

/** What is printed as `--json`, with the examples from the strongest. */
interface Report {
  readonly runtime: RuntimeName;
  readonly adapter: string;
  readonly objective: string;
  readonly size: readonly [height: number, width: number];
  /** How many images were looked at. */
  readonly images: number;
  /** Files in folders that could not be read. */
  readonly skipped: readonly Skipped[];
  readonly examples: readonly Omit<Ranked, "rgb">[];
}

/** @param startedAt when the process started, in milliseconds since the epoch */
export async function examples(flags: ExamplesFlags, startedAt: number): Promise<void> {
  await expectOutput(flags.out, [".png", ".safetensors"]);
  const sought = subjects.sought.read(flags) as Sought;
  const weights = await weightsOf(flags);
  const list = await withNetwork(flags.model, weights, async (model) => {
    const listed = await listImages(flags.images, flags.size, usualSize(model.network));
    checkObjective(model, soughtObjective(sought, model.network), listed.size, NO_TARGET);
    return listed;
  });
  const { ranked, ...report } = await rank(flags, { weights, sought, list, startedAt });
  await writeExamples(flags.out, ranked, list.size);
  const shown = { ...report, examples: ranked.map(({ rgb: _, ...rest }) => rest) };
  print(flags.json ? JSON.stringify(shown) : reportText(flags.out, shown));
}

interface Work {
  readonly weights: Weights;
  readonly sought: Sought;
  readonly list: ImageList;
  readonly startedAt: number;
}

/** Runs all images, a chunk at a time, and keeps the strongest of them. */
async function rank(
  { top = method.options.top.default, runtime }: ExamplesFlags,
  { weights, sought, list, startedAt }: Work,
): Promise<Omit<Report, "examples"> & { readonly ranked: readonly Ranked[] }> {
  const { images, size } = list;
  const length = 3 * size[0] * size[1];
  const chunk = Math.max(1, Math.floor(CHUNK_NUMBERS / length));
  const skipped: Skipped[] = [];
  let ranked: Ranked[] = [];
  let last: ExamplesReport | undefined;
  const progress = startProgress(images.length, "images");
  const rankAll = withRuntime(weights, runtime, async (opened) => {
    for (let first = 0; first < images.length; first += chunk) {
      const read = await readAll(images.slice(first, first + chunk), skipped);
      if (read.length === 0) continue;
      const { report } = await opened.run(
        { method: "examples", options: { image: tensorOf(read, size), ...sought } },
        {
          startedAt,
          onProgress: (done) => progress.update(first + done),
          onRestart: remarkRestart(`images ${first + 1} to ${Math.min(first + chunk, images.length)}`),
        },
      );
      last = report;
      const more = report.examples.map(({ index, ...example }) => ({
        ...(read[index] as ReadImage),
        ...example,
      }));
      ranked = strongestFirst([...ranked, ...more]).slice(0, top);
    }
    return last;
  });
  const report = await rankAll.finally(() => progress.stop());
  if (!report) throw new InputError(`none of ${images.length} images can be read; ${skipped[0]?.why}`);
  const { adapter, objective } = report;
  return { runtime, adapter, objective, size, images: images.length - skipped.length, skipped, ranked };
}

interface ReadImage {
  readonly file: string;
  readonly rgb: Float32Array;
}

/** @param skipped takes those found in folders that cannot be read */
async function readAll(images: readonly ListedImage[], skipped: Skipped[]): Promise<ReadImage[]> {
  const read: ReadImage[] = [];
  for (const { name, found, read: readOne } of images) {
    try {
      read.push({ file: name, rgb: await readOne() });
    } catch (cause) {
      if (!found || !(cause instanceof InputError)) throw cause;
      skipped.push({ file: name, why: cause.message });
    }
  }
  return read;
}

function tensorOf(read: readonly { readonly rgb: Float32Array }[], size: ImageList["size"]): Tensor {
  const area = size[0] * size[1];
  const colours = (read[0]?.rgb.length ?? 3 * area) / area;
  const data = new Float32Array(read.length * colours * area);
  for (const [n, { rgb }] of read.entries()) data.set(rgb, n * colours * area);
  return { shape: [read.length, colours, ...size], data };
}

async function writeExamples(path: string, ranked: readonly Ranked[], size: ImageList["size"]) {
  if (extname(path).toLowerCase() === ".png") {
    const shown = ranked.map(({ rgb, patch }) => ({ rgb: inRgb(rgb, size[0] * size[1]), patch }));
    const { rgb, size: whole } = exampleSheet(shown, size);
    return writeOutput(path, writePicture(rgb, whole));
  }
  const value = Float32Array.from(ranked, (example) => example.value);
  const patch = Float32Array.from(
    ranked.flatMap(({ patch: { y, x, height, width } }) => [y, x, height, width]),
  );
  const tensors = {
    image: tensorOf(ranked, size),
    value: { shape: [ranked.length], data: value },
    patch: { shape: [ranked.length, 4], data: patch },
  };
  return writeOutput(path, writeSafetensors(tensors));
}

/** Files that cannot be read, of a folder that may hold thousands. */
const SHOWN_SKIPPED = 20;

function reportText(out: string, { objective, images, skipped, examples }: Report): string {
  const rows = examples.map(({ file, value, position, patch: { y, x, height, width } }) => [
    file,
    figure(value),
    position ? `at ${position.join(",")}` : "",
    position ? `pixels ${y},${x} ${height}×${width}` : "",
  ]);
  const passed = skipped.slice(0, SHOWN_SKIPPED).map(({ file, why }) => `passed over ${file}: ${why}`);
  const more = skipped.length - passed.length;
  const rest = more > 0 ? [`and ${more} more that cannot be read (--json has all)`] : [];
  const head = skipped.length > 0 ? [`${skipped.length} files cannot be read`] : [];
  return [`${out}: ${objective} in ${images} images`, table(rows), ...head, ...passed, ...rest].join("\n");
}
