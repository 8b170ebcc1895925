/** JSON of strangers. What `JSON.parse` makes of a text may take forty times its size: `[[],[],[]]`. */

/** Bytes that values may take besides the text's own size. */
const SPARE_BYTES = 8 << 20;
/** Of a container or an entry, roughly. */
const BYTES_PER_VALUE = 64;
const MAX_DEPTH = 200;

/** @throws SyntaxError where it is no JSON, is nested deeply or holds more values than any file of a network */
export function parseBounded(text: string): unknown {
  let left = SPARE_BYTES + text.length;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) at = endOfString(text, at);
    else if (code === 0x5b || code === 0x7b) depth += 1;
    else if (code === 0x5d || code === 0x7d) depth -= 1;
    if (code === 0x2c || code === 0x5b || code === 0x7b) left -= BYTES_PER_VALUE;
    if (depth > MAX_DEPTH) throw new SyntaxError(`nested deeper than ${MAX_DEPTH} levels`);
    if (left < 0) throw new SyntaxError("more values than any network's file has");
  }
  return JSON.parse(text) as unknown;
}

/** Where its last quote stands. */
function endOfString(text: string, begin: number): number {
  for (let at = begin + 1; ; at++) {
    const quote = text.indexOf('"', at);
    if (quote < 0) return text.length;
    let escapes = 0;
    while (text.charCodeAt(quote - 1 - escapes) === 0x5c) escapes += 1;
    if (escapes % 2 === 0) return quote;
    at = quote;
  }
}
