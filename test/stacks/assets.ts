/** Files that test cases may read, in Node. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { resolve, sep } from "node:path";
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
  return existsSync(assetPath(path));
}

export const nodeAssets: Assets = {
  async read(path) {
    return new Uint8Array(await readFile(assetPath(path)));
  },
};
