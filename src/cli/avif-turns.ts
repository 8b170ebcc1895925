/** How an AVIF's picture is turned and mirrored to be upright: its properties `irot` and `imir` (ISO/IEC 23008-12). */

interface Box {
  readonly name: string;
  /** Behind the box's size and name. */
  readonly at: number;
  readonly end: number;
}

/** EXIF's orientations of a quarter turn against the clock, of two and of three (6.5.10). */
const TURNS = [1, 8, 3, 6] as const;
/** Of top and bottom exchanged, and of left and right (6.5.12). */
const MIRRORS = [4, 2] as const;

/** @returns EXIF orientations in the order in which they are to be done; none where it says nothing, or is cut short */
export function avifTurns(bytes: Uint8Array): readonly number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    const meta = boxesIn(view, 0, bytes.length).find(({ name }) => name === "meta");
    if (meta === undefined) return [];
    const boxes = boxesIn(view, meta.at + 4, meta.end);
    const inside = (name: string): Box | undefined => boxes.find((box) => box.name === name);
    const [primary, properties] = [inside("pitm"), inside("iprp")];
    if (primary === undefined || properties === undefined) return [];
    const item =
      view.getUint8(primary.at) === 0 ? view.getUint16(primary.at + 4) : view.getUint32(primary.at + 4);
    const lists = boxesIn(view, properties.at, properties.end);
    const container = lists.find(({ name }) => name === "ipco");
    const known = container ? boxesIn(view, container.at, container.end) : [];
    const own = lists.filter(({ name }) => name === "ipma").flatMap((list) => associations(view, list, item));
    return own.flatMap((index) => {
      const box = known[index - 1];
      if (box?.name === "irot") return [TURNS[(view.getUint8(box.at) & 3) as 0 | 1 | 2 | 3]];
      return box?.name === "imir" ? [MIRRORS[(view.getUint8(box.at) & 1) as 0 | 1]] : [];
    });
  } catch (error) {
    if (error instanceof RangeError) return [];
    throw error;
  }
}

function boxesIn(view: DataView, begin: number, end: number): readonly Box[] {
  const boxes: Box[] = [];
  for (let at = begin; at + 8 <= end; ) {
    const size = view.getUint32(at);
    const header = size === 1 ? 16 : 8;
    const length = size === 1 ? Number(view.getBigUint64(at + 8)) : size === 0 ? end - at : size;
    if (length < header || at + length > end) break;
    const name = String.fromCharCode(...[4, 5, 6, 7].map((i) => view.getUint8(at + i)));
    boxes.push({ name, at: at + header, end: at + length });
    at += length;
  }
  return boxes;
}

/** Which properties an item has, counted from 1, in their order (ISO/IEC 14496-12, 8.11.14). */
function associations(view: DataView, list: Box, item: number): readonly number[] {
  const [version, isWide] = [view.getUint8(list.at), (view.getUint8(list.at + 3) & 1) === 1];
  const count = view.getUint32(list.at + 4);
  let at = list.at + 8;
  for (let entry = 0; entry < count; entry++) {
    const id = version === 0 ? view.getUint16(at) : view.getUint32(at);
    at += version === 0 ? 2 : 4;
    const properties = view.getUint8(at++);
    const bytes = isWide ? 2 : 1;
    // The first bit says whether a reader must understand it.
    if (id === item)
      return Array.from({ length: properties }, (_, i) =>
        isWide ? view.getUint16(at + 2 * i) & 0x7fff : view.getUint8(at + i) & 0x7f,
      );
    at += bytes * properties;
    if (at > list.end) break;
  }
  return [];
}
