/** Keeps tunings in the user's cache folder: `webgpu-ascent/kernels.json` is an object with a text for each adapter. */
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import type { TuningStorage } from "../engine/kernels/tuning-memory.ts";
import { parseBounded } from "../model/bounded-json.ts";

/** @param folder by default the one that the XDG base directory specification names */
export function tuningFile(
  folder = process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"),
): TuningStorage {
  const path = join(folder, "webgpu-ascent", "kernels.json");
  const all = async (): Promise<Record<string, string>> => {
    try {
      const texts: unknown = parseBounded(await readFile(path, "utf8"));
      return typeof texts === "object" && texts !== null ? (texts as Record<string, string>) : {};
    } catch {
      // No tuning yet, or a damaged file: the next one replaces it.
      return {};
    }
  };
  return {
    read: async (key) => (await all())[key],
    async write(key, text) {
      const texts = { ...(await all()), [key]: text };
      await mkdir(dirname(path), { recursive: true });
      // Another process may be reading: the file is there whole or not at all.
      const draft = `${path}.${process.pid}`;
      await writeFile(draft, JSON.stringify(texts));
      await rename(draft, path);
    },
  };
}
