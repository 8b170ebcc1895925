/** AVIF files as pixels of 8 bits, upright, decoded by libavif in WebAssembly. */

import createDecoder from "@jsquash/avif/codec/dec/avif_dec.js";
import wasm from "@jsquash/avif/codec/dec/avif_dec.wasm?url&inline";
import { upright } from "../optvis/orientation.ts";
import type { Raster } from "../optvis/picture.ts";
import { avifTurns } from "./avif-turns.ts";
import { decodeBy, rgbaOf, startDecoder } from "./wasm-decoder.ts";

interface Decoder {
  decode(file: Uint8Array, bits: 8): ImageData | null;
}

/** @throws Error that says why */
export async function readAvif(bytes: Uint8Array<ArrayBuffer>): Promise<Raster> {
  const said: string[] = [];
  const decoder = await startDecoder<Decoder>(createDecoder, wasm, (line) => said.push(line));
  const picture = rgbaOf(
    decodeBy(() => decoder.decode(bytes, 8)),
    said,
  );
  return avifTurns(bytes).reduce(upright, picture);
}
