/** Files in JSON that say where weights are. */
import { WeightsError } from "../../errors.ts";
import { parseBounded } from "../bounded-json.ts";
import type { Json } from "../keras/config.ts";
import type { ByteSource } from "../source.ts";

/** The index of a checkpoint of 30,000 tensors. */
const MAX_BYTES = 4 << 20;

/** @throws WeightsError where it is too large or no JSON */
export async function readJson(source: ByteSource): Promise<Json> {
  if (source.size > MAX_BYTES) {
    throw wrong(source, `JSON of ${source.size} bytes, more than the ${MAX_BYTES} allowed`);
  }
  const text = new TextDecoder().decode(await source.read(0, source.size));
  try {
    return parseBounded(text) as Json;
  } catch (cause) {
    throw wrong(source, "JSON that is damaged or cut short", cause);
  }
}

function wrong({ name }: ByteSource, got: string, cause?: unknown): WeightsError {
  return new WeightsError(`${name}: expected a list of weights, got ${got}`, {
    remedy: "download or save it again",
    cause,
  });
}
