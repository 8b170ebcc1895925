/** Images that commands are given: tensors in files, and photographs. */

import { extname } from "node:path";
import { InputError } from "../errors.ts";
import type { Tensor } from "../methods/report.ts";
import { imageSize, onePhoto } from "../methods/shared/image.ts";
import type { Size } from "../model/network.ts";
import { readHeader, readTensor } from "../model/safetensors.ts";
import { bytesSource } from "../model/source.ts";
import { fitPhoto, isTransparent, type Raster } from "../optvis/picture.ts";
import { readInput } from "./files.ts";
import { readPicture } from "./pictures.ts";
import { remark } from "./running.ts";

/** What an objective compares with, as `readImageOrPhoto`: RGB in 0–1 units, (3,H,W). */
export async function readTarget(path: string, size: Size): Promise<Float32Array> {
  return (await readImageOrPhoto(path, size, size, { flag: "--target" })).data;
}

/** `image` of a .safetensors file, or a photograph at `size`, or at the `usual` one. */
export async function readImageOrPhoto(
  path: string,
  size: Size | undefined,
  usual: Size,
  { flag = "--image", fit = fitPhoto }: { readonly flag?: string; readonly fit?: typeof fitPhoto } = {},
): Promise<Tensor> {
  if (extname(path).toLowerCase() === ".safetensors") {
    const image = await readImage(path, flag);
    expectOwnSize(onePhoto(image), size);
    return image;
  }
  const at = size ?? usual;
  return { shape: [1, 3, ...at], data: await readPhoto(path, at, flag, remark, fit) };
}

/**
 * A photograph at a size: RGB in 0–1 units, (3,H,W). What is transparent is shown on white.
 *
 * @param tell is told so
 */
export async function readPhoto(
  path: string,
  size: Size,
  flag: string,
  tell = remark,
  fit = fitPhoto,
): Promise<Float32Array> {
  return shownOnWhite(
    await readPicture(await readInput(path, flag), path, flag),
    size,
    `${flag}: ${path}`,
    tell,
    fit,
  );
}

/** @param what is shown, for what is told */
export function shownOnWhite(
  picture: Raster,
  size: Size,
  what: string,
  tell = remark,
  fit = fitPhoto,
): Float32Array {
  if (isTransparent(picture)) tell(`${what} is transparent, and shown on white`);
  return fit(picture, size);
}

/** Tensors are taken as they are. @throws InputError where `--size` asks for another size than an image has */
export function expectOwnSize([height, width]: Size, size: Size | undefined): void {
  if (size === undefined || (size[0] === height && size[1] === width)) return;
  throw new InputError(`--size: a .safetensors image keeps its size, ${height}×${width}`, {
    remedy: "leave --size out, or give a photograph",
  });
}

/** `image` of a .safetensors file, F32 [N,3,H,W]. */
export async function readImage(path: string, flag = "--image"): Promise<Tensor> {
  const source = bytesSource(path, await readInput(path, flag));
  const header = await readHeader(source);
  const info = header.tensors.get("image");
  if (info?.dtype !== "F32") {
    const got = info?.dtype ?? ([...header.tensors.keys()].slice(0, 3).join(", ") || "no tensors");
    throw new InputError(`${flag}: expected a tensor image, F32 [N,3,H,W], got ${got}: ${path}`);
  }
  const image = await readTensor(source, header, "image");
  imageSize(image.shape);
  return image;
}
