/** WebP files as pixels, decoded by libwebp in WebAssembly: lossy or lossless, upright; of an animation nothing. */

import createDecoder from "@jsquash/webp/codec/dec/webp_dec.js";
import wasm from "@jsquash/webp/codec/dec/webp_dec.wasm?url&inline";
import { upright, webpOrientation } from "../optvis/orientation.ts";
import type { Raster } from "../optvis/picture.ts";
import { decodeBy, rgbaOf, startDecoder } from "./wasm-decoder.ts";

interface Decoder {
  decode(file: Uint8Array): ImageData | null;
}

/** @throws Error that says why */
export async function readWebp(bytes: Uint8Array<ArrayBuffer>): Promise<Raster> {
  const said: string[] = [];
  const decoder = await startDecoder<Decoder>(createDecoder, wasm, (line) => said.push(line));
  const picture = rgbaOf(
    decodeBy(() => decoder.decode(bytes)),
    said,
  );
  return upright(picture, webpOrientation(bytes));
}
