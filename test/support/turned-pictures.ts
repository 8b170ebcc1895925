/** Pictures that say that they are to be turned: WebP with EXIF, AVIF with `irot` and `imir`. Made of ones that do not. */
import { joined } from "./hostile/mutate.ts";

const ascii = (text: string): Uint8Array => Uint8Array.from(text, (it) => it.charCodeAt(0));
const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const nameAt = (bytes: Uint8Array, at: number): string => String.fromCharCode(...bytes.subarray(at, at + 4));

/** A TIFF header with one entry, the orientation (CIPA DC-008). */
export function exifOf(orientation: number): Uint8Array {
  const entry = [0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0];
  return joined(ascii("MM\0*"), Uint8Array.of(0, 0, 0, 8, 0, 1, ...entry, 0, 0, 0, 0));
}

/** @param file a WebP without a canvas chunk */
export function turnedWebp(
  file: Uint8Array,
  size: readonly [number, number],
  orientation: number,
): Uint8Array {
  const three = (n: number): number[] => [n & 255, (n >> 8) & 255, n >> 16];
  const chunk = (name: string, data: Uint8Array): Uint8Array => {
    const length = new Uint8Array(4);
    viewOf(length).setUint32(0, data.length, true);
    return joined(ascii(name), length, data, new Uint8Array(data.length % 2));
  };
  const [height, width] = size;
  // Bit 3 says that EXIF follows.
  const canvas = Uint8Array.of(8, 0, 0, 0, ...three(width - 1), ...three(height - 1));
  const body = joined(
    ascii("WEBP"),
    chunk("VP8X", canvas),
    file.subarray(12),
    chunk("EXIF", exifOf(orientation)),
  );
  return chunk("RIFF", body);
}

interface Place {
  readonly at: number;
  readonly end: number;
}

function boxNamed(bytes: Uint8Array, wanted: string, { at: begin, end }: Place): Place {
  for (let at = begin; at + 8 <= end; at += viewOf(bytes).getUint32(at))
    if (nameAt(bytes, at + 4) === wanted) return { at, end: at + viewOf(bytes).getUint32(at) };
  throw new Error(`no ${wanted}`);
}

/**
 * An AVIF whose first item has one more property.
 * @param property `irot` and its number of quarter turns against the clock, or `imir` and its axis
 */
export function turnedAvif(file: Uint8Array, property: "irot" | "imir", value: number): Uint8Array {
  const whole = { at: 0, end: file.length };
  const meta = boxNamed(file, "meta", whole);
  const inMeta = { at: meta.at + 12, end: meta.end };
  const iprp = boxNamed(file, "iprp", inMeta);
  const inside = { at: iprp.at + 8, end: iprp.end };
  const [ipco, ipma] = [boxNamed(file, "ipco", inside), boxNamed(file, "ipma", inside)];
  const box = joined(Uint8Array.of(0, 0, 0, 9), ascii(property), Uint8Array.of(value));
  const known = countBoxes(file, { at: ipco.at + 8, end: ipco.end });
  // One byte is put behind the first entry's: version 0, small indices.
  const entry = ipma.at + 16;
  const own = entry + 2;
  const last = own + 1 + (file[own] as number);
  const turned = joined(
    file.slice(0, ipco.end),
    box,
    file.slice(ipco.end, last),
    Uint8Array.of(0x80 | (known + 1)),
    file.slice(last),
  );
  const view = viewOf(turned);
  const grow = (at: number, by: number): void => view.setUint32(at, view.getUint32(at) + by);
  grow(meta.at, box.length + 1);
  grow(iprp.at, box.length + 1);
  grow(ipco.at, box.length);
  grow(ipma.at + box.length, 1);
  turned[own + box.length] = (file[own] as number) + 1;
  moveItems(turned, boxNamed(file, "iloc", inMeta), box.length + 1);
  return turned;
}

function countBoxes(bytes: Uint8Array, { at: begin, end }: Place): number {
  let count = 0;
  for (let at = begin; at + 8 <= end; at += viewOf(bytes).getUint32(at)) count++;
  return count;
}

/** Places of items in the file, of four bytes each: `iloc` of version 0 or 1 (ISO/IEC 14496-12, 8.11.3). */
function moveItems(bytes: Uint8Array, { at }: Place, by: number): void {
  const view = viewOf(bytes);
  if (view.getUint16(at + 12) !== 0x4400 || bytes[at + 8] !== 0) throw new Error("iloc of another form");
  let next = at + 16;
  for (let item = view.getUint16(at + 14); item > 0; item--) {
    const extents = view.getUint16(next + 4);
    next += 6;
    for (let extent = 0; extent < extents; extent++, next += 8)
      view.setUint32(next, view.getUint32(next) + by);
  }
}
