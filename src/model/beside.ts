/**
 * Files that lie beside the main one: shards, ONNX' external data, names of classes. A file says their names, and may be
 * hostile, so only plain names below its own folder are looked up.
 */
import { InputError, shown, WeightsError } from "../errors.ts";
import { MissingFileError } from "./download.ts";
import { type ByteSource, blobSource } from "./source.ts";
import { type UrlOptions, urlSource } from "./url-source.ts";

/** The file of that name beside the main one; undefined where there is none. */
export type Beside = (name: string) => Promise<ByteSource | undefined>;

export const nothingBeside: Beside = async () => undefined;

/** What a file may call another one: a name, or a path of names with `/`, that stays below the file's own folder. */
export function isPlainName(name: string): boolean {
  const parts = name.split("/");
  return (
    name.length <= 1000 && !/[\\:\u0000-\u001f]/.test(name) && !parts.some((part) => /^\.{0,2}$/.test(part))
  );
}

/** The files that were opened beside one, so that all are closed with it. */
export interface BesideFiles {
  readonly find: Beside;
  close(): void;
}

/**
 * The one place where names are checked.
 * @param where the main file's name, for messages
 * @throws WeightsError from `find` for a name that leads elsewhere
 */
export function besideFiles(where: string, beside: Beside): BesideFiles {
  const opened: ByteSource[] = [];
  return {
    async find(name) {
      if (!isPlainName(name)) {
        throw new WeightsError(`${where}: expected the name of a file beside it, got ${shown(name)}`, {
          remedy: "files lie in the folder of the one that names them, or below it",
        });
      }
      const source = await beside(name);
      if (source !== undefined) opened.push(source);
      return source;
    },
    close() {
      for (const source of opened) source.close?.();
    },
  };
}

/** What lies beside an address, by the same options. Nothing lies beside a `blob:` or a `data:` one. */
export function urlBeside(url: string, options: UrlOptions = {}): Beside {
  return async (name) => {
    const path = name.split("/").map(encodeURIComponent).join("/");
    if (!URL.canParse(path, url)) return undefined;
    try {
      return await urlSource(new URL(path, url).href, options);
    } catch (error) {
      if (error instanceof MissingFileError) return undefined;
      throw error;
    }
  };
}

/** Files that a person chose or dropped together. They carry no folders, so the last part of a name finds them. */
export function filesBeside(files: Iterable<File>): Beside {
  const byName = new Map<string, File>();
  for (const file of files) {
    if (!(file instanceof File)) throw new InputError(`filesBeside: expected files, got ${shown(file)}`);
    byName.set(file.name, file);
  }
  return async (name) => {
    const file = byName.get(name.split("/").at(-1) as string);
    return file && blobSource(file);
  };
}

/** @throws WeightsError that says the name of the file that is missing */
export async function requireBeside(where: string, beside: Beside, name: string): Promise<ByteSource> {
  const source = await beside(name);
  if (source !== undefined) return source;
  throw new WeightsError(`${where}: ${shown(name)} is missing, which holds a part of its weights`, {
    remedy: "put that file beside it; on a page, choose or drop all files together",
  });
}
