/** Decoders of pictures in WebAssembly, as jSquash packs them: started, and run without a browser's ImageData. */

import { initEmscriptenModule } from "@jsquash/jpeg/utils.js";
import type { Raster } from "../optvis/picture.ts";

/** What a decoder makes: RGBA, 8 bits. */
export class Pixels {
  constructor(
    readonly data: Uint8ClampedArray,
    readonly width: number,
    readonly height: number,
  ) {}
}

/**
 * A decoder is for one picture: after an error it is of no more use, and its memory never shrinks.
 *
 * @param create the module's factory
 * @param wasm its code as a data URL
 * @param tell is handed what it prints on errors
 */
export function startDecoder<Module>(
  create: unknown,
  wasm: string,
  tell: (line: string) => void,
): Promise<Module> {
  const code = new WebAssembly.Module(Buffer.from(wasm.slice(wasm.indexOf(",") + 1), "base64"));
  // The types leave this option of Emscripten out.
  return initEmscriptenModule(create as never, code, { printErr: tell } as object) as Promise<Module>;
}

/** @returns nothing where it cannot be decoded; why not, the decoder has said */
export function decodeBy(decode: () => ImageData | null): Pixels | undefined {
  // The decoders make an ImageData, which Node does not have.
  const own = Reflect.getOwnPropertyDescriptor(globalThis, "ImageData");
  Reflect.defineProperty(globalThis, "ImageData", { value: Pixels, configurable: true });
  try {
    return decode() ?? undefined;
  } catch {
    // An exit status, or a bare number.
    return undefined;
  } finally {
    if (own) Reflect.defineProperty(globalThis, "ImageData", own);
    else Reflect.deleteProperty(globalThis, "ImageData");
  }
}

/** @throws Error where there is no picture */
export function rgbaOf(picture: Pixels | undefined, said: readonly string[]): Raster {
  if (picture === undefined) throw new Error(said.at(-1) ?? "it is damaged, cut short, or too large");
  return { width: picture.width, height: picture.height, channels: 4, data: picture.data };
}
