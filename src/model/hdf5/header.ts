/**
 * Object headers and the messages in them (HDF5 File Format Specification 3.0, IV.A): what a group or a dataset says of
 * itself.
 */
import { damaged, Fields, type Hdf5Bytes } from "./bytes.ts";

export const MESSAGE = {
  dataspace: 1,
  linkInfo: 2,
  datatype: 3,
  link: 6,
  layout: 8,
  filters: 11,
  attribute: 12,
  continuation: 16,
  symbolTable: 17,
  attributeInfo: 21,
} as const;

/** Of one object. Keras' groups have fewer than 20. */
const MAX_MESSAGES = 4096;

export interface Message {
  readonly type: number;
  /** It says where the message is, rather than being one. */
  readonly shared: boolean;
  /** Made anew, so that it may be read more than once. */
  fields(): Fields;
}

/** Every message of the object at this address, of all its blocks. */
export async function readMessages(bytes: Hdf5Bytes, address: number): Promise<readonly Message[]> {
  const version = (await bytes.at(address, 1)).getUint8(0);
  return version === 1 ? readVersion1(bytes, address) : readVersion2(bytes, address);
}

async function readVersion1(bytes: Hdf5Bytes, address: number): Promise<readonly Message[]> {
  const head = new Fields(await bytes.at(address, 16));
  const size = head.skip(8).u32();
  return readBlocks(bytes, { begin: address + 16, length: size }, (block, messages) => {
    while (block.left >= 8) {
      const type = block.u16();
      const length = block.u16();
      const flags = block.u8();
      messages(type, flags, block.skip(3).part(length));
    }
  });
}

async function readVersion2(bytes: Hdf5Bytes, address: number): Promise<readonly Message[]> {
  const head = new Fields(await bytes.at(address, Math.min(34, bytes.source.size - address)));
  if (head.expect("OHDR").u8() !== 2)
    throw damaged(bytes.where, "an object's header is of an unknown version");
  const flags = head.u8();
  head.skip((flags & 0x20 ? 16 : 0) + (flags & 0x10 ? 4 : 0));
  const size = head.sized(flags);
  return readBlocks(bytes, { begin: address + head.at, length: size }, (block, messages, first) => {
    if (!first) block.expect("OCHK");
    // Blocks that continue end with a checksum, and a gap that holds no message may be before it.
    const end = first ? 0 : 4;
    const headLength = flags & 4 ? 6 : 4;
    while (block.left - end >= headLength) {
      const type = block.u8();
      const length = block.u16();
      const messageFlags = block.u8();
      messages(type, messageFlags, block.skip(headLength - 4).part(length));
    }
  });
}

interface Block {
  readonly begin: number;
  readonly length: number;
}

type Emit = (type: number, flags: number, fields: Fields) => void;

/** Reads the first block and those that continuations name, each once. */
async function readBlocks(
  bytes: Hdf5Bytes,
  first: Block,
  parse: (block: Fields, emit: Emit, first: boolean) => void,
): Promise<readonly Message[]> {
  const messages: Message[] = [];
  const blocks = [first];
  const seen = new Set([first.begin]);
  for (const block of blocks) {
    const view = await bytes.at(block.begin, block.length);
    parse(
      new Fields(view),
      (type, flags, fields) => {
        bytes.step();
        if (type === MESSAGE.continuation) {
          const begin = fields.u64();
          if (!seen.has(begin)) blocks.push({ begin, length: fields.u64() });
          seen.add(begin);
        } else if (type !== 0) {
          if (messages.length === MAX_MESSAGES)
            throw damaged(bytes.where, "an object says more of itself than any");
          messages.push({ type, shared: (flags & 2) !== 0, fields: () => new Fields(fields.view) });
        }
      },
      block === first,
    );
  }
  return messages;
}
