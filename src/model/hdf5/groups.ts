/** Which objects a group holds: its links, in the older form (a B-tree over a heap of names) and in the newer. */
import { damaged, Fields, type Hdf5Bytes, unknownForm } from "./bytes.ts";
import { MESSAGE, type Message } from "./header.ts";

/** Addresses by name. Links to other places and other files are left out. */
export async function readLinks(
  bytes: Hdf5Bytes,
  messages: readonly Message[],
): Promise<ReadonlyMap<string, number>> {
  const links = new Map<string, number>();
  for (const message of messages) {
    const fields = message.fields();
    if (message.type === MESSAGE.symbolTable) await readSymbolTables(bytes, fields, links);
    if (message.type === MESSAGE.link) readLink(bytes, fields, links);
    if (message.type === MESSAGE.linkInfo) expectCompact(bytes, fields);
  }
  return links;
}

/** A link in a message of its own (IV.A.2.g). */
function readLink(bytes: Hdf5Bytes, fields: Fields, links: Map<string, number>): void {
  if (fields.u8() !== 1) throw new RangeError("a link is of an unknown version");
  const flags = fields.u8();
  const type = flags & 8 ? fields.u8() : 0;
  fields.skip((flags & 4 ? 8 : 0) + (flags & 16 ? 1 : 0));
  const name = bytes.link(fields.text(fields.sized(flags)));
  if (type === 0) links.set(name, fields.u64());
}

/** Groups of more than eight links in the newer form keep them in a heap of their own. */
function expectCompact(bytes: Hdf5Bytes, fields: Fields): void {
  fields.skip(1);
  fields.skip(fields.u8() & 1 ? 8 : 0);
  if (fields.address() === undefined) return;
  throw unknownForm(bytes.where, "a group keeps its links in a fractal heap");
}

async function readSymbolTables(bytes: Hdf5Bytes, fields: Fields, links: Map<string, number>): Promise<void> {
  const tree = fields.u64();
  const heap = new Fields(await bytes.at(fields.u64(), 32)).expect("HEAP").skip(4);
  const namesLength = heap.u64();
  const names = await bytes.at(heap.skip(8).u64(), namesLength);
  for (const address of await treeLeaves(bytes, tree, 0, (node) => node.skip(8))) {
    const head = new Fields(await bytes.at(address.child, 8)).expect("SNOD");
    const count = head.skip(2).u16();
    const entries = new Fields(await bytes.at(address.child + 8, count * 40));
    for (let i = 0; i < count; i++) {
      const nameAt = entries.u64();
      const object = entries.u64();
      const isSoft = entries.u32() === 2;
      entries.skip(20);
      const name = new Fields(names, 0).skip(nameAt);
      if (!isSoft) links.set(bytes.link(name.text(Math.min(name.left, 600))), object);
    }
  }
}

/** Of one tree. The chunks of a dense layer of VGG-16 are fewer than 2,000. */
const MAX_LEAVES = 50_000;

export interface Leaf<Key> {
  readonly key: Key;
  readonly child: number;
}

/**
 * What the leaves of a B-tree (version 1, III.A.1) point at. Each node is read once and levels fall by one, so a tree
 * that points at itself is refused.
 * @param type 0 for groups, 1 for chunks
 * @param readKey takes exactly one key
 */
export async function treeLeaves<Key>(
  bytes: Hdf5Bytes,
  root: number,
  type: number,
  readKey: (fields: Fields) => Key,
  keyLength = 8,
): Promise<readonly Leaf<Key>[]> {
  const leaves: Leaf<Key>[] = [];
  const seen = new Set<number>();
  const walk = async (address: number, level: number | undefined): Promise<void> => {
    if (seen.has(address)) throw damaged(bytes.where, "a B-tree points at one node twice");
    seen.add(address);
    const head = new Fields(await bytes.at(address, 24)).expect("TREE");
    if (head.u8() !== type) throw damaged(bytes.where, "a B-tree is of another kind than it should be");
    const nodeLevel = head.u8();
    if (nodeLevel > 16 || (level !== undefined && nodeLevel !== level))
      throw damaged(bytes.where, "the levels of a B-tree do not fall by one");
    const count = head.u16();
    const entries = new Fields(await bytes.at(address + 24, count * (keyLength + 8)));
    for (let i = 0; i < count; i++) {
      const key = readKey(entries);
      const child = entries.u64();
      if (leaves.length === MAX_LEAVES) throw damaged(bytes.where, "a B-tree has more leaves than any");
      if (nodeLevel === 0) leaves.push({ key, child });
      else await walk(child, nodeLevel - 1);
    }
  };
  await walk(root, undefined);
  return leaves;
}
