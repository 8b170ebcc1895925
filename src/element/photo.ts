/** A photograph as a start: fetched or picked, decoded by the browser, fitted to the recipe's size. */
import { InputError } from "../errors.ts";
import { upright, webpOrientation } from "../optvis/orientation.ts";
import { fitPhoto, fitTransparent, type Raster } from "../optvis/picture.ts";
import { isCutShort } from "../optvis/picture-ends.ts";
import { kindInWords, pictureKind } from "../optvis/picture-kind.ts";
import { expectPicture } from "../optvis/picture-size.ts";
import type { RunRequest } from "./run-request.ts";

const REMEDY = "Choose a JPEG, PNG, WebP or AVIF picture.";
/** A canvas takes no more at once in every browser, and a photograph is copied once, not twice. */
const TILE = 2048;

async function fetchPhoto(url: string, signal: AbortSignal): Promise<Blob> {
  try {
    const response = await fetch(new URL(url, document.baseURI), { signal });
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    return await response.blob();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new InputError(`photo ${url}: ${reason}`, { remedy: "Check its address.", cause });
  }
}

/**
 * The pixels of a picture as its file holds them: upright, and whatever its colour profile says, as the command line and
 * the libraries that networks are trained with read it.
 * @throws InputError for what is no picture, what is cut short, has more pixels than any camera takes, or cannot be
 *   decoded by this browser
 */
export async function decodePhoto(photo: Blob, signal?: AbortSignal): Promise<Raster> {
  const where = photo instanceof File && photo.name !== "" ? `photo ${photo.name}` : "photo";
  const bytes = await bytesOf(photo, where);
  const kind = pictureKind(bytes);
  if (kind !== undefined) {
    expectPicture(kind, bytes, where);
    if (isCutShort(kind, bytes))
      throw new InputError(`${where}: the file ends before its picture`, {
        remedy: "Copy or download it again.",
      });
  }
  signal?.throwIfAborted();
  try {
    // Browsers turn no WebP, or only some do.
    const turn = kind === "WebP" ? webpOrientation(bytes) : 1;
    const imageOrientation = kind === "WebP" ? "none" : "from-image";
    const bitmap = await createImageBitmap(photo, { colorSpaceConversion: "none", imageOrientation });
    try {
      signal?.throwIfAborted();
      return upright(pixelsOf(bitmap, where), turn);
    } finally {
      bitmap.close();
    }
  } catch (cause) {
    if (signal?.aborted || cause instanceof InputError) throw cause;
    const got = kind === undefined ? "" : `, got ${kindInWords(kind)}`;
    throw new InputError(`${where}: expected a picture this browser can decode${got}`, {
      remedy: kind === undefined ? REMEDY : "Save it as a JPEG or a PNG.",
      cause,
    });
  }
}

async function bytesOf(photo: Blob, where: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await photo.arrayBuffer());
  } catch (cause) {
    throw new InputError(`${where}: cannot be read`, { remedy: "Choose the file again.", cause });
  }
}

function pixelsOf(bitmap: ImageBitmap, where: string): Raster {
  const { width, height } = bitmap;
  const [wide, high] = [Math.min(width, TILE), Math.min(height, TILE)];
  const context = new OffscreenCanvas(wide, high).getContext("2d", { willReadFrequently: true });
  const data = allocated(4 * width * height);
  if (!context || !data)
    throw new InputError(`${where}: ${width}×${height} pixels are too many to decode here`);
  for (let top = 0; top < height; top += high) {
    for (let left = 0; left < width; left += wide) {
      const [columns, rows] = [Math.min(wide, width - left), Math.min(high, height - top)];
      context.clearRect(0, 0, wide, high);
      context.drawImage(bitmap, -left, -top);
      const tile = context.getImageData(0, 0, columns, rows).data;
      for (let y = 0; y < rows; y++)
        data.set(tile.subarray(4 * y * columns, 4 * (y + 1) * columns), 4 * ((top + y) * width + left));
    }
  }
  return { width, height, channels: 4, data };
}

function allocated(length: number): Uint8ClampedArray | undefined {
  try {
    return new Uint8ClampedArray(length);
  } catch {
    return undefined;
  }
}

/**
 * @returns RGB 0–1, (3,H,W) at the recipe's size, or RGBA, (4,H,W), with an alpha channel; undefined unless the recipe starts from a photograph
 * @throws InputError if there is none or it cannot be read
 */
export async function readPhoto(request: RunRequest, signal: AbortSignal): Promise<Float32Array | undefined> {
  const { photo, recipe } = request;
  if (recipe.init !== "photo") return undefined;
  if (photo === undefined) throw new InputError("init: expected a photograph, got none", { remedy: REMEDY });
  return (recipe.alpha ? fitTransparent : fitPhoto)(await decoded(photo, signal), recipe.size);
}

/** What the objective compares with, if it does and one was given, as `readPhoto`. */
export async function readTarget(
  { target, recipe }: RunRequest,
  signal: AbortSignal,
): Promise<Float32Array | undefined> {
  return target === undefined ? undefined : fitPhoto(await decoded(target, signal), recipe.size);
}

async function decoded(photo: string | Blob, signal: AbortSignal): Promise<Raster> {
  return decodePhoto(typeof photo === "string" ? await fetchPhoto(photo, signal) : photo, signal);
}
