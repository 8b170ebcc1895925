/** Many images, from folders and files: listed first, read one by one. */

import { readdir, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { InputError } from "../errors.ts";
import { imageSize } from "../methods/shared/image.ts";
import type { Size } from "../model/network.ts";
import { expectName, userPath } from "./files.ts";
import { expectOwnSize, readImage, readPhoto } from "./images.ts";
import { remark } from "./running.ts";

/** An image that has not been read yet. */
export interface ListedImage {
  /** As it was given, or found in a folder that was. */
  readonly name: string;
  /** Found in a folder: one that cannot be read is passed over. */
  readonly found: boolean;
  /** @returns RGB in 0–1 units, (3,H,W) */
  read(): Promise<Float32Array>;
}

export interface ImageList {
  /** Of every image. */
  readonly size: Size;
  readonly images: readonly ListedImage[];
}

/** What a picture's name ends in, as folders are searched for them; of those that cannot be read it is told. */
const PHOTO = /\.(png|jpe?g|webp|avif|heic|heif|gif|bmp|tiff?)$/i;

/**
 * @param paths of folders, searched with their subfolders, of photographs, or of one .safetensors
 * @param size asked for
 * @param usual where none is
 * @throws InputError for a path that is not there, a folder without photographs, a .safetensors beside others
 */
export async function listImages(
  paths: readonly string[],
  size: Size | undefined,
  usual: Size,
): Promise<ImageList> {
  const tensors = paths.find((path) => extname(path).toLowerCase() === ".safetensors");
  if (tensors !== undefined) {
    if (paths.length === 1) return listTensor(tensors, size);
    throw new InputError(`--images: ${tensors} holds images already, expected it alone`);
  }
  const at = size ?? usual;
  const tell = onlyOnce((text) => remark(`${text}, and so are others like it`));
  const lists = await Promise.all(paths.map((path) => listPhotos(path, at, tell)));
  return { size: at, images: lists.flat() };
}

async function listTensor(path: string, size: Size | undefined): Promise<ImageList> {
  const { shape, data } = await readImage(path, "--images");
  const [count, height, width] = imageSize(shape);
  expectOwnSize([height, width], size);
  const length = data.length / count;
  const images = Array.from({ length: count }, (_, n) => ({
    name: `${path}[${n}]`,
    found: false,
    read: async () => data.subarray(n * length, (n + 1) * length),
  }));
  return { size: [height, width], images };
}

/** A folder may hold thousands of them. */
function onlyOnce(tell: (text: string) => void): (text: string) => void {
  let told = false;
  return (text) => {
    if (!told) tell(text);
    told = true;
  };
}

async function listPhotos(path: string, size: Size, tell: (text: string) => void): Promise<ListedImage[]> {
  expectName(path, "--images");
  const isFolder = await stat(userPath(path)).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
  const listed = (name: string, found: boolean): ListedImage => ({
    name,
    found,
    read: () => readPhoto(name, size, "--images", tell),
  });
  // Whether a file is there is found out when it is read.
  if (!isFolder) return [listed(path, false)];
  const names = await readdir(userPath(path), { recursive: true });
  const photos = names.filter((name) => PHOTO.test(name)).sort();
  if (photos.length > 0) return photos.map((name) => listed(join(path, name), true));
  throw new InputError(`--images: no PNG, JPEG, WebP or AVIF in the folder ${path}`);
}
