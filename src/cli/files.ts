/** Files that the command line reads and writes: where a path points, and early checks of outputs. */

import { randomUUID } from "node:crypto";
import { constants, existsSync, rmSync } from "node:fs";
import {
  access,
  type FileHandle,
  open,
  readdir,
  readFile,
  realpath,
  rename,
  stat,
  unlink,
  writeFile,
} from "node:fs/promises";
import { dirname, extname, join, resolve } from "node:path";
import { InputError } from "../errors.ts";
import { knownNetwork } from "../model/known-networks.ts";
import { isAddress } from "../model/model-source.ts";
import { codeOf, whyNotRead } from "../node/files.ts";
import { packageFile } from "../node/package-file.ts";
import { whenEnded } from "./ending.ts";

/**
 * A path as the person who typed it meant it. `npm run` changes into the package's folder first and leaves
 * the one it was called from in INIT_CWD.
 */
export function userPath(path: string): string {
  const viaNpm = process.env["npm_lifecycle_event"] === "ascent";
  return resolve((viaNpm && process.env["INIT_CWD"]) || process.cwd(), path);
}

/** Path or address of the weights that `--model` names. A file goes before a known network of the same name. */
export async function modelPath(model: string): Promise<string> {
  expectName(model, "--model");
  if (isAddress(model)) return model;
  const known = knownNetwork(model);
  if (known !== undefined && !existsSync(userPath(model))) return known.address;
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
    throw new InputError(`${what}: ${whyNotRead(cause)}: ${shown}`, { cause });
  });
  if (!found.isFile()) throw new InputError(`${what}: expected a file, got a folder or device: ${shown}`);
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
    throw new InputError(`${what}: ${whyNotRead(cause)}: ${path}`, { cause, ...(remedy && { remedy }) });
  });
}

/**
 * Refuses, before any work is done, an output of an unknown kind or one that cannot be written.
 * @param what flag or argument that named it
 */
export async function expectOutput(
  path: string,
  extensions: readonly string[],
  what = "--out",
): Promise<void> {
  if (!extensions.includes(extname(path).toLowerCase())) {
    throw new InputError(`${what}: expected a name ending in ${extensions.join(" or ")}, got "${path}"`);
  }
  const target = userPath(path);
  try {
    const existing = await stat(target).catch((cause: unknown) => {
      if (codeOf(cause) !== "ENOENT") throw cause;
      return undefined;
    });
    if (existing?.isDirectory()) throw new InputError(`${what}: expected a file, got a folder: ${path}`);
    if (existing) await access(target, constants.W_OK);
    else await expectFolder(dirname(target));
    await removeLeftParts(dirname(target));
  } catch (cause) {
    if (cause instanceof InputError) throw cause;
    throw new InputError(`${what}: ${whyNotWritten(cause, dirname(target))}: ${path}`, { cause });
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

/**
 * A file of many parts, one after the other, in place of what was there once it is whole.
 * @param onWritten told how many bytes are written
 */
export async function writeParts(
  path: string,
  parts: AsyncIterable<Uint8Array>,
  onWritten: (bytes: number) => void,
): Promise<void> {
  const target = userPath(path);
  try {
    await replace(target, async (file) => {
      let written = 0;
      for await (const bytes of parts) {
        await file.writeFile(bytes);
        written += bytes.length;
        onWritten(written);
      }
    });
  } catch (error) {
    throw codeOf(error) === undefined
      ? error
      : new InputError(`${path}: ${whyNotWritten(error, dirname(target))}`, { cause: error });
  }
}

/** In place of what was there, once it is whole. What is no file, such as a pipe, is written to as it is. */
export async function writeOutput(path: string, bytes: Uint8Array): Promise<void> {
  const target = userPath(path);
  try {
    const there = await stat(target).catch(() => undefined);
    if (there && !there.isFile()) await writeFile(target, bytes);
    // Behind a link stands the file that is meant.
    else await writeWhole(there ? await realpath(target) : target, bytes, there?.mode);
  } catch (cause) {
    throw new InputError(`--out: ${path}: ${whyNotWritten(cause, dirname(target))}`, { cause });
  }
}

/**
 * A file is there whole or not at all, for others that look at the same folder. Several may write the same one at once:
 * not even the process tells them apart, as its number is the same in containers that share a volume.
 * @param mode of the file that it replaces
 */
export async function writeWhole(path: string, data: Uint8Array | string, mode?: number): Promise<void> {
  await replace(path, (file) => file.writeFile(data), mode);
}

async function replace(
  target: string,
  write: (file: FileHandle) => Promise<void>,
  mode?: number,
): Promise<void> {
  const part = `${target}.${randomUUID()}.part`;
  const forget = whenEnded(() => rmSync(part, { force: true }));
  try {
    const file = await open(part, "wx", mode);
    try {
      await write(file);
    } finally {
      await file.close();
    }
    await rename(part, target);
  } catch (error) {
    await unlink(part).catch(() => undefined);
    throw error;
  } finally {
    forget();
  }
}

const PART = /\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.part$/;
/** Who writes a part writes to it all the time. */
const LEFT_MS = 10 * 60_000;

/** Takes away what a process that was killed has left of its outputs. @param folder that need not be there */
export async function removeLeftParts(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const path = join(folder, name);
    if (!PART.test(name)) continue;
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > LEFT_MS) await unlink(path).catch(() => undefined);
  }
}
