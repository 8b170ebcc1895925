/** What `npm run build` made: tests of the command line and of the page use it as people do. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./environment.ts";

const SOURCES = ["src", "shaders", "index.html", "vite.config.ts", "package.json"];

/** @throws Error where there is none, or sources changed since */
export function dist(path: string): string {
  const file = join(ROOT, "dist", path);
  if (!existsSync(file)) throw new Error(`dist/${path} is not there: npm run build`);
  const built = statSync(file).mtimeMs;
  const newer = SOURCES.flatMap(files).find((source) => statSync(source).mtimeMs > built);
  if (newer) throw new Error(`dist/${path} is older than ${newer}: npm run build`);
  return file;
}

function files(name: string): string[] {
  const path = join(ROOT, name);
  if (!statSync(path).isDirectory()) return [path];
  const entries = readdirSync(path, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
