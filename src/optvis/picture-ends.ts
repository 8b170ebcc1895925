/**
 * Whether a file ends before its picture does. Some browsers show the part that is there, and grey in place of the rest;
 * what stands behind the picture, as videos do behind those of phones, does not matter.
 */
import type { PictureKind } from "./picture-kind.ts";

const ENDS: Readonly<Record<PictureKind, (view: DataView) => number>> = {
  PNG: endOfPng,
  JPEG: endOfJpeg,
  WebP: (view) => 8 + view.getUint32(4, true),
  AVIF: endOfBoxes,
  HEIC: endOfBoxes,
  GIF: endOfGif,
  BMP: endOfBmp,
  // Its directories may stand anywhere.
  TIFF: () => 0,
};

/** Of files whose numbers say nothing else, never. */
export function isCutShort(kind: PictureKind, bytes: Uint8Array): boolean {
  try {
    return ENDS[kind](new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)) > bytes.length;
  } catch (error) {
    // A number that is asked for lies behind the end.
    if (error instanceof RangeError) return true;
    throw error;
  }
}

/** The chunk IEND (ISO/IEC 15948, 11.2.5). */
function endOfPng(view: DataView): number {
  for (let at = 8; ; ) {
    const end = at + 12 + view.getUint32(at);
    if (view.getUint32(at + 4) === 0x49454e44) return end;
    at = end;
  }
}

/** The first marker EOI that stands behind scans, whatever pictures the segments before them hold (ITU-T T.81, B.1). */
function endOfJpeg(view: DataView): number {
  for (let at = 2; ; ) {
    if (view.getUint8(at++) !== 0xff) continue;
    while (view.getUint8(at) === 0xff) at++;
    const marker = view.getUint8(at++);
    if (marker === 0xd9) return at;
    // 0 is a byte 255 of packed data, the others stand alone.
    if (marker > 1 && !(marker >= 0xd0 && marker <= 0xd8)) at += view.getUint16(at);
  }
}

/** Boxes at the top follow each other; the last one may reach to the end (ISO/IEC 14496-12, 4.2). */
function endOfBoxes(view: DataView): number {
  let at = 0;
  while (at + 8 <= view.byteLength) {
    const size = view.getUint32(at);
    const length = size === 1 ? Number(view.getBigUint64(at + 8)) : size;
    if (length < 8) return at;
    at += length;
  }
  return at;
}

/** Behind the first picture's last block: of an animation no more is shown (GIF89a, 15 to 22). */
function endOfGif(view: DataView): number {
  const tableBytes = (flags: number): number => (flags & 0x80 ? 3 << ((flags & 7) + 1) : 0);
  const skipBlocks = (from: number): number => {
    let at = from;
    for (let length = view.getUint8(at++); length > 0; length = view.getUint8(at++)) at += length;
    return at;
  };
  for (let at = 13 + tableBytes(view.getUint8(10)); ; ) {
    const introducer = view.getUint8(at);
    if (introducer === 0x21) at = skipBlocks(at + 2);
    else if (introducer === 0x2c) return skipBlocks(at + 11 + tableBytes(view.getUint8(at + 9)));
    else return at;
  }
}

/** Rows of four-byte words, where they are not packed. */
function endOfBmp(view: DataView): number {
  const [width, height] = [view.getInt32(18, true), Math.abs(view.getInt32(22, true))];
  const [bits, packed] = [view.getUint16(28, true), view.getUint32(30, true)];
  const isPacked = packed !== 0 && packed !== 3;
  return view.getUint32(10, true) + (isPacked ? 0 : 4 * Math.ceil((width * bits) / 32) * height);
}
