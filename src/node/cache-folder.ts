/** Parts of downloaded networks in the user's cache folder, each a file. */
import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rmdir, unlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import envPaths from "env-paths";
import type { KeptStorage } from "../model/kept.ts";
import { codeOf } from "./files.ts";

/** As the variable ASCENT_CACHE says, or where this system keeps such things. */
export function cachePath(): string {
  return process.env["ASCENT_CACHE"] || join(envPaths("webgpu-ascent", { suffix: "" }).cache, "networks");
}

export function cacheFolder(folder = cachePath()): KeptStorage {
  const list = async (path: string): Promise<readonly string[]> => {
    try {
      return (await readdir(path, { withFileTypes: true, recursive: true }))
        .filter((entry) => entry.isFile())
        .map((entry) =>
          join(entry.parentPath, entry.name)
            .slice(folder.length + 1)
            .replaceAll("\\", "/"),
        );
    } catch (error) {
      if (codeOf(error) === "ENOENT") return [];
      throw error;
    }
  };
  return {
    names: (inside = "") => list(join(folder, inside)),
    async read(name) {
      try {
        return new Uint8Array(await readFile(join(folder, name)));
      } catch (error) {
        if (codeOf(error) === "ENOENT") return undefined;
        throw error;
      }
    },
    async write(name, bytes) {
      const path = join(folder, name);
      await mkdir(dirname(path), { recursive: true });
      // Others may read at the same time, and this process may end at any: a file is there whole or not at all.
      const draft = `${path}.${randomUUID()}.part`;
      try {
        await writeFile(draft, bytes);
        await rename(draft, path);
      } catch (error) {
        await unlink(draft).catch(() => undefined);
        throw error;
      }
    },
    async remove(name) {
      await unlink(join(folder, name)).catch((error: unknown) => {
        if (codeOf(error) !== "ENOENT") throw error;
      });
      // The folder goes with its last file.
      await rmdir(dirname(join(folder, name))).catch(() => undefined);
    },
  };
}
