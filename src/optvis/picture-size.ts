/** How many pixels a picture says that it has, read from its header before anything is decoded. */
import { InputError } from "../errors.ts";
import type { PictureKind } from "./picture-kind.ts";

/** The largest photographs of cameras and phones have about 100 million. */
export const MOST_PIXELS = 120_000_000;

type Sides = readonly [width: number, height: number];

const HEADERS: Readonly<Record<PictureKind, (view: DataView) => readonly Sides[]>> = {
  PNG: (view) => [[view.getUint32(16), view.getUint32(20)]],
  JPEG: jpegSides,
  WebP: webpSides,
  AVIF: boxSides,
  HEIC: boxSides,
  GIF: (view) => [[view.getUint16(6, true), view.getUint16(8, true)]],
  // A negative height says that the first row is at the top.
  BMP: (view) => [[Math.abs(view.getInt32(18, true)), Math.abs(view.getInt32(22, true))]],
  // Its directory may stand anywhere. The browsers that decode it bound it themselves.
  TIFF: () => [],
};

/** @throws InputError for a picture with more pixels than any camera takes @param where begins the message */
export function expectPicture(kind: PictureKind, bytes: Uint8Array, where: string): void {
  const millions = Math.ceil(pixelsOf(kind, bytes) / 1e6);
  if (millions <= MOST_PIXELS / 1e6) return;
  throw new InputError(
    `${where}: expected at most ${MOST_PIXELS / 1e6} million pixels, got ${millions} million`,
    { remedy: "save it smaller" },
  );
}

/**
 * The most pixels that any of its headers says.
 * @returns 0 where none is found: its decoder will not find one either
 */
export function pixelsOf(kind: PictureKind, bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    return HEADERS[kind](view).reduce((most, [width, height]) => Math.max(most, width * height), 0);
  } catch (error) {
    // It is cut short.
    if (error instanceof RangeError) return 0;
    throw error;
  }
}

/** The first frame header, SOF0 to SOF15 (ITU-T T.81, B.1.1.3 and B.2.2). */
function jpegSides(view: DataView): readonly Sides[] {
  for (let at = 2; at < view.byteLength; ) {
    // What stands between segments is passed over, as libjpeg does.
    if (view.getUint8(at++) !== 0xff) continue;
    while (view.getUint8(at) === 0xff) at++;
    const marker = view.getUint8(at++);
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return [[view.getUint16(at + 5), view.getUint16(at + 3)]];
    const standsAlone = marker === 0 || marker === 1 || (marker >= 0xd0 && marker <= 0xd8);
    if (!standsAlone) at += view.getUint16(at);
  }
  return [];
}

/** The canvas, and the frame of a simple file (RFC 9649, 2.5 to 2.7). */
function webpSides(view: DataView): readonly Sides[] {
  const three = (at: number): number => view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
  switch (fourOf(view, 12)) {
    case "VP8X":
      return [[1 + three(24), 1 + three(27)]];
    case "VP8L": {
      const bits = view.getUint32(21, true);
      return [[1 + (bits & 0x3fff), 1 + ((bits >>> 14) & 0x3fff)]];
    }
    case "VP8 ":
      return [[view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff]];
    default:
      return [];
  }
}

/** Every `ispe`, of the picture, its tiles and its alpha: boxes of ISO/IEC 14496-12, 4.2, and 23008-12, 6.5.3. */
function boxSides(view: DataView, begin = 0, end = view.byteLength): readonly Sides[] {
  const sides: Sides[] = [];
  for (let at = begin; at + 8 <= end; ) {
    const [size, name] = [view.getUint32(at), fourOf(view, at + 4)];
    const header = size === 1 ? 16 : 8;
    const length = size === 1 ? Number(view.getBigUint64(at + 8)) : size === 0 ? end - at : size;
    if (length < header) break;
    const last = Math.min(end, at + length);
    if (name === "ispe") sides.push([view.getUint32(at + header + 4), view.getUint32(at + header + 8)]);
    // `meta` has a version and flags before its boxes.
    if (name === "meta") sides.push(...boxSides(view, at + header + 4, last));
    if (name === "iprp" || name === "ipco") sides.push(...boxSides(view, at + header, last));
    at = last;
  }
  return sides;
}

function fourOf(view: DataView, at: number): string {
  return String.fromCharCode(...[0, 1, 2, 3].map((i) => view.getUint8(at + i)));
}
