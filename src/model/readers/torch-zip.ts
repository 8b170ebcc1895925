/** PyTorch's files since 1.6: a zip archive of a pickle, `data.pkl`, and a member for each storage, `data/0`. */
import { WeightsError } from "../../errors.ts";
import type { Checkpoint } from "../checkpoint.ts";
import type { ByteSource } from "../source.ts";
import { unpickle } from "./pickle.ts";
import { torchCheckpoint } from "./torch-checkpoint.ts";
import { type Storage, torchBuilder } from "./torch-values.ts";
import type { Zip } from "./zip.ts";

/** @throws WeightsError */
export async function open(source: ByteSource, zip: Zip): Promise<Checkpoint> {
  const pickle = [...zip.members.values()].find(({ name }) => /(^|\/)data\.pkl$/.test(name));
  if (pickle === undefined) throw new WeightsError(`${source.name}: data.pkl is missing`);
  const folder = pickle.name.slice(0, -"data.pkl".length);
  const order = zip.members.get(`${folder}byteorder`);
  if (order && new TextDecoder().decode(await zip.read(order)).trim() === "big") {
    throw new WeightsError(`${source.name}: expected numbers in little-endian order, got big-endian`, {
      remedy: "save it on a usual machine",
    });
  }
  const { value } = unpickle(source.name, await zip.read(pickle), torchBuilder(new Map()));
  return torchCheckpoint(source, value, async (storage: Storage, begin, end) => {
    const member = zip.members.get(`${folder}data/${storage.key}`);
    if (member === undefined) {
      throw new WeightsError(`${source.name}: its member data/${storage.key} is missing`, {
        remedy: "the file is damaged; download or save it again",
      });
    }
    return zip.read(member, begin, end);
  });
}
