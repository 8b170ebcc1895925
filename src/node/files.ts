/** Files by path: where a path on the command line points, weights read piece by piece, outputs checked early. */

import { randomUUID } from "node:crypto";
import { constants, existsSync } from "node:fs";
import { access, open, readFile, rename, stat, unlink, writeFile } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { InputError, WeightsError } from "../errors.ts";
import { type ByteSource, checkRange } from "../model/source.ts";

/** Where this module is: `src/node`, or `dist/node` once bundled. */
const here = dirname(fileURLToPath(import.meta.url));

/** A file that ships with the package, by its path from the folder of package.json. */
export function packageFile(path: string): string {
  let folder = here;
  while (!existsSync(join(folder, "package.json")) && dirname(folder) !== folder) folder = dirname(folder);
  return join(folder, path);
}

/** A file that `npm run build` makes, by its path from the folder of the command line. */
export function builtFile(path: string): string {
  const file = resolve(here, path);
  if (existsSync(file)) return file;
  throw new InputError(`not built yet: ${file}`, { remedy: "npm run build" });
}

/**
 * A path as the person who typed it meant it. `npm run` changes into the package's folder first and leaves
 * the one it was called from in INIT_CWD.
 */
export function userPath(path: string): string {
  const viaNpm = process.env["npm_lifecycle_event"] === "ascent";
  return resolve((viaNpm && process.env["INIT_CWD"]) || process.cwd(), path);
}

/** Path of the weights that `--model` names. */
export async function modelPath(model: string): Promise<string> {
  expectName(model, "--model");
  const path = model === "embedded" ? packageFile("weights/ascent-vgg.safetensors") : userPath(model);
  await expectFile(path, model === "embedded" ? path : model, "--model");
  return path;
}

/** @throws InputError for no name at all, which file systems take for the folder that one is in */
export function expectName(path: string, what: string): void {
  if (path === "") throw new InputError(`${what}: expected a path, got an empty text`);
}

async function expectFile(path: string, shown: string, what: string): Promise<void> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new InputError(`${what}: ${reason(cause)}: ${shown}`, { cause });
  });
  if (!found.isFile()) throw new InputError(`${what}: expected a file, got a folder or device: ${shown}`);
}

/** Why the file system refused, in words. */
function reason(cause: unknown): string {
  const code = codeOf(cause);
  if (code === "ENOENT" || code === "ENOTDIR") return "no such file";
  if (code === "EACCES" || code === "EPERM") return "no permission to read it";
  if (code === "EISDIR") return "expected a file, got a folder";
  return cause instanceof Error ? cause.message : String(cause);
}

/** Reads only the bytes asked for: VGG-16's file is 550 MB, its convolutions are a tenth of that. */
export async function fileSource(path: string): Promise<ByteSource & { close(): void }> {
  const file = await open(path).catch((cause: unknown) => {
    throw new InputError(`${reason(cause)}: ${path}`, { cause });
  });
  const { size } = await file.stat();
  const name = basename(path);
  return {
    name,
    size,
    async read(begin, end) {
      checkRange(name, size, begin, end);
      const bytes = new Uint8Array(end - begin);
      for (let filled = 0; filled < bytes.length; ) {
        const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, begin + filled);
        if (bytesRead === 0) throw new WeightsError(`${name}: became shorter while it was read`);
        filled += bytesRead;
      }
      return bytes;
    },
    close: () => void file.close(),
  };
}

/**
 * A whole file, for images and recipes.
 *
 * @param what flag that named it
 * @param remedy where it cannot be read
 */
export async function readInput(path: string, what: string, remedy?: string): Promise<Uint8Array> {
  expectName(path, what);
  return readFile(userPath(path)).catch((cause: unknown) => {
    throw new InputError(`${what}: ${reason(cause)}: ${path}`, { cause, ...(remedy && { remedy }) });
  });
}

/** Refuses, before any work is done, an output of an unknown kind or one that cannot be written. */
export async function expectOutput(path: string, extensions: readonly string[]): Promise<void> {
  if (!extensions.includes(extname(path).toLowerCase())) {
    throw new InputError(`--out: expected a name ending in ${extensions.join(" or ")}, got "${path}"`);
  }
  const target = userPath(path);
  try {
    const existing = await stat(target).catch((cause: unknown) => {
      if (codeOf(cause) !== "ENOENT") throw cause;
      return undefined;
    });
    if (existing?.isDirectory()) throw new InputError(`--out: expected a file, got a folder: ${path}`);
    if (existing) await access(target, constants.W_OK);
    else await expectFolder(dirname(target));
  } catch (cause) {
    if (cause instanceof InputError) throw cause;
    throw new InputError(`--out: ${whyNotWritten(cause, dirname(target))}: ${path}`, { cause });
  }
}

/** Makes a file and removes it again: permissions do not tell of folders such as /proc. */
async function expectFolder(folder: string): Promise<void> {
  const probe = join(folder, `.${randomUUID()}.part`);
  await writeFile(probe, "", { flag: "wx" });
  await unlink(probe);
}

/** Why an output cannot be written, in words. */
function whyNotWritten(cause: unknown, folder: string): string {
  const code = codeOf(cause);
  if (code === "ENOTDIR") return "what should be a folder is a file";
  if (code === "ENAMETOOLONG") return "the name is too long";
  if (code === "ENOENT" && !existsSync(folder)) return "no such folder";
  if (code === "EACCES" || code === "EPERM" || code === "EROFS") return "no permission to write there";
  if (code === "ENOENT") return "no file can be made in that folder";
  return cause instanceof Error ? cause.message : String(cause);
}

function codeOf(cause: unknown): unknown {
  return cause instanceof Error && "code" in cause ? cause.code : undefined;
}

export async function writeOutput(path: string, bytes: Uint8Array): Promise<void> {
  await writeFile(userPath(path), bytes).catch((cause: unknown) => {
    throw new InputError(`--out: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  });
}

/**
 * A file is there whole or not at all, for others that look at the same folder. Several may write the same one at once:
 * not even the process tells them apart, as its number is the same in containers that share a volume.
 */
export async function writeWhole(path: string, data: Uint8Array | string): Promise<void> {
  const part = `${path}.${randomUUID()}.part`;
  await writeFile(part, data);
  await rename(part, path);
}
