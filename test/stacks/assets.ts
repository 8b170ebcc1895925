/** Files that test cases may read, in Node. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { resolve, sep } from "node:path";
import { readPicture } from "../../src/cli/pictures.ts";
import { fitPhoto } from "../../src/optvis/picture.ts";
import type { Assets } from "./case.ts";
import { ROOT } from "./environment.ts";

const FOLDERS = [ROOT, resolve(ROOT, "../shared/data") + sep];

/**
 * Absolute path of a file of the repository or of `../shared/data`.
 *
 * @throws Error for a path that leaves both
 */
export function assetPath(path: string): string {
  const absolute = resolve(ROOT, path);
  if (!FOLDERS.some((folder) => absolute.startsWith(folder)))
    throw new Error(`${path} is outside the repository`);
  return absolute;
}

export function hasAsset(path: string): boolean {
  return existsSync(assetPath(withoutSize(path)));
}

/**
 * A file's bytes; of `photo.jpg?96x128` the picture centre-cropped and area-averaged to that height and width,
 * RGB 0–1 as float32 (3,H,W). Decoded here for every stack, since decoders differ by a level or so.
 */
export async function readAsset(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(await readFile(assetPath(withoutSize(path))));
  const size = path.split("?")[1];
  if (size === undefined) return bytes;
  const [height, width] = size.split("x").map(Number) as [number, number];
  const picture = await readPicture(bytes, path, "asset");
  return new Uint8Array(Float32Array.from(fitPhoto(picture, [height, width])).buffer);
}

export const nodeAssets: Assets = { read: readAsset };

function withoutSize(path: string): string {
  return path.split("?")[0] as string;
}
