/** What kind of picture a file is, by its bytes whatever its name says. */

/** Those that are known; browsers decode more of them than the command line does. */
export type PictureKind = "PNG" | "JPEG" | "WebP" | "AVIF" | "HEIC" | "GIF" | "BMP" | "TIFF";

const KINDS: Readonly<Record<PictureKind, (text: string) => boolean>> = {
  PNG: (text) => text.startsWith("\x89PNG\r\n\x1a\n"),
  JPEG: (text) => text.startsWith("\xff\xd8"),
  WebP: (text) => text.startsWith("RIFF") && text.slice(8, 12) === "WEBP",
  AVIF: (text) => isBrand(text, /^avi[fs]/),
  HEIC: (text) => isBrand(text, /^(hei[cxms]|hev[cxms]|mif1|msf1)/),
  GIF: (text) => text.startsWith("GIF8"),
  BMP: (text) => text.startsWith("BM"),
  TIFF: (text) => text.startsWith("II*\0") || text.startsWith("MM\0*"),
};

/** ISO base media (ISO/IEC 14496-12): a box `ftyp` with the brand of the file. */
function isBrand(text: string, brand: RegExp): boolean {
  return text.slice(4, 8) === "ftyp" && brand.test(text.slice(8));
}

/** @returns undefined for what is none of them */
export function pictureKind(bytes: Uint8Array): PictureKind | undefined {
  const text = String.fromCharCode(...bytes.subarray(0, 16));
  return (Object.keys(KINDS) as PictureKind[]).find((kind) => KINDS[kind](text));
}

/** As people know it. */
export function kindInWords(kind: PictureKind): string {
  return kind === "HEIC" ? "HEIC, as iPhones save it" : kind;
}
