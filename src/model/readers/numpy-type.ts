/** NumPy's words for types of numbers, as .npy files and pickles have them: `<f4`. */

/** A type in safetensors' words, and the bytes of one number. */
export interface NumberType {
  readonly type: string;
  readonly bytes: number;
  readonly bigEndian: boolean;
}

const KINDS: Readonly<Record<string, string>> = { f: "F", i: "I", u: "U", b: "BOOL", c: "C" };

/** Undefined for what is no number: objects, texts, records. */
export function numpyType(descr: string): NumberType | undefined {
  const [, order, kind, digits] = /^([<>|=]?)([fiubc?])(\d{0,2})$/.exec(descr) ?? [];
  if (kind === undefined) return undefined;
  if (kind === "?" || (kind === "b" && digits === "1")) return { type: "BOOL", bytes: 1, bigEndian: false };
  const bytes = Number(digits);
  if (![1, 2, 4, 8, 16].includes(bytes)) return undefined;
  return { type: `${KINDS[kind]}${8 * bytes}`, bytes, bigEndian: order === ">" && bytes > 1 };
}

/** Turns each number's bytes around, in place. */
export function swapBytes(bytes: Uint8Array, size: number): void {
  for (let at = 0; at + size <= bytes.length; at += size) bytes.subarray(at, at + size).reverse();
}
