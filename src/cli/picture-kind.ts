/** What kind of picture a file is, by its bytes whatever its name says. */

export type Kind = "PNG" | "JPEG" | "WebP" | "AVIF";

/** Those that are known and not read here. */
const OTHERS: readonly (readonly [name: string, is: (text: string) => boolean])[] = [
  ["HEIC, as iPhones save it", (text) => isBrand(text, /^(hei[cxms]|hev[cxms]|mif1|msf1)/)],
  ["GIF", (text) => text.startsWith("GIF8")],
  ["BMP", (text) => text.startsWith("BM")],
  ["TIFF", (text) => text.startsWith("II*\0") || text.startsWith("MM\0*")],
];

const KINDS: Readonly<Record<Kind, (text: string) => boolean>> = {
  PNG: (text) => text.startsWith("\x89PNG\r\n\x1a\n"),
  JPEG: (text) => text.startsWith("\xff\xd8"),
  WebP: (text) => text.startsWith("RIFF") && text.slice(8, 12) === "WEBP",
  AVIF: (text) => isBrand(text, /^avi[fs]/),
};

/** ISO base media (ISO/IEC 14496-12): a box `ftyp` with the brand of the file. */
function isBrand(text: string, brand: RegExp): boolean {
  return text.slice(4, 8) === "ftyp" && brand.test(text.slice(8));
}

export const READ = Object.keys(KINDS).join(", ");

/** @returns undefined for what none of the readers takes */
export function pictureKind(bytes: Uint8Array): Kind | undefined {
  const text = beginning(bytes);
  return (Object.keys(KINDS) as Kind[]).find((kind) => KINDS[kind](text));
}

/** The name of a kind that is known and not read. */
export function otherKind(bytes: Uint8Array): string | undefined {
  const text = beginning(bytes);
  return OTHERS.find(([, is]) => is(text))?.[0];
}

function beginning(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(0, 16));
}
