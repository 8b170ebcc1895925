/** A photograph as a start: fetched or picked, decoded by the browser, fitted to the recipe's size. */
import { InputError } from "../errors.ts";
import { fitPhoto, fitTransparent, type Raster } from "../optvis/picture.ts";
import type { RunRequest } from "./run-request.ts";

const REMEDY = "Choose a JPEG, PNG, WebP or AVIF picture.";

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

export async function decodePhoto(photo: Blob): Promise<Raster> {
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(photo);
  } catch (cause) {
    throw new InputError("photo: expected a picture this browser can decode", { remedy: REMEDY, cause });
  }
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  context?.drawImage(bitmap, 0, 0);
  bitmap.close();
  const pixels = context?.getImageData(0, 0, width, height);
  if (!pixels) throw new InputError(`photo: ${width}×${height} pixels are too many to decode here`);
  return { width, height, channels: 4, data: pixels.data };
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
  return decodePhoto(typeof photo === "string" ? await fetchPhoto(photo, signal) : photo);
}
