/** Keras 3's `.keras`: a zip archive of the network's configuration and an HDF5 file of its weights. */
import { WeightsError } from "../../errors.ts";
import type { Checkpoint } from "../checkpoint.ts";
import { type ByteSource, bytesSource } from "../source.ts";
import { openKeras } from "./keras.ts";
import type { Zip, ZipMember } from "./zip.ts";

const CONFIG = "config.json";
const WEIGHTS = "model.weights.h5";

/** A configuration of 200 layers has 200 kB. */
const MAX_CONFIG = 4 << 20;

/** @throws WeightsError */
export async function open(source: ByteSource, zip: Zip): Promise<Checkpoint> {
  const config = zip.members.get(CONFIG);
  const weights = zip.members.get(WEIGHTS);
  if (config === undefined || weights === undefined || config.size > MAX_CONFIG) {
    const problem = config && weights ? `its ${CONFIG} has ${config.size} bytes` : `${CONFIG} is missing`;
    throw new WeightsError(`${source.name}: expected a network of Keras, but ${problem}`, {
      remedy: 'save the whole network again: model.save("network.keras")',
    });
  }
  const text = new TextDecoder().decode(await zip.read(config));
  return openKeras(await memberSource(source, zip, weights), "Keras", text);
}

/** A member as a file of its own. Keras stores it unpacked, so only what is asked for is read. */
async function memberSource(source: ByteSource, zip: Zip, member: ZipMember): Promise<ByteSource> {
  const { name } = source;
  if (member.method !== 0)
    return { ...bytesSource(name, await zip.read(member)), close: () => source.close?.() };
  return {
    name,
    size: member.size,
    read: (begin, end) => zip.read(member, begin, end),
    close: () => source.close?.(),
  };
}
