/** The recipe that a PNG (ISO/IEC 15948) carries in its text: the element writes it as UTF-8, the command line as Latin-1. */

/** What a file says of how it was made, under this keyword of the standard. */
export const RECIPE_KEYWORD = "Description";

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

export function isPng(bytes: Uint8Array): boolean {
  return SIGNATURE.every((byte, i) => bytes[i] === byte);
}

/**
 * What a PNG says about itself in text that is not compressed, by keyword. Reads nothing else of the file.
 * @returns nothing for files of other kinds; what was read until there where a file is cut short
 */
export function pngText(bytes: Uint8Array): ReadonlyMap<string, string> {
  const said = new Map<string, string>();
  if (!isPng(bytes)) return said;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = SIGNATURE.length; at + 12 <= bytes.length; ) {
    const length = view.getUint32(at);
    const begin = at + 8;
    if (begin + length > bytes.length) break;
    const type = String.fromCharCode(...bytes.subarray(at + 4, begin));
    const data = bytes.subarray(begin, begin + length);
    if (type === "iTXt") readUtf8(data, said);
    if (type === "tEXt") readLatin(data, said);
    if (type === "IEND") break;
    at = begin + length + 4;
  }
  return said;
}

/** Keyword, NUL, text. */
function readLatin(data: Uint8Array, said: Map<string, string>): void {
  const end = data.indexOf(0);
  if (end < 0) return;
  const decoder = new TextDecoder("latin1");
  said.set(decoder.decode(data.subarray(0, end)), decoder.decode(data.subarray(end + 1)));
}

/** Keyword, NUL, whether it is compressed, how, language, NUL, translated keyword, NUL, text. */
function readUtf8(data: Uint8Array, said: Map<string, string>): void {
  const keyword = data.indexOf(0);
  if (keyword < 0 || data[keyword + 1] !== 0) return;
  const language = data.indexOf(0, keyword + 3);
  const translated = language < 0 ? -1 : data.indexOf(0, language + 1);
  if (translated < 0) return;
  const decoder = new TextDecoder();
  said.set(decoder.decode(data.subarray(0, keyword)), decoder.decode(data.subarray(translated + 1)));
}

/** The JSON of a recipe that a picture carries; undefined where it carries none. What it holds is checked by `parseRecipe`. */
export function recipeTextOf(bytes: Uint8Array): string | undefined {
  const text = pngText(bytes).get(RECIPE_KEYWORD);
  return text?.trimStart().startsWith("{") ? text : undefined;
}
