/** Weights by a path, an address, or the name of a network that is known: the one place where Node opens them. */
import type { Beside } from "../model/beside.ts";
import { isAddress, modelSource } from "../model/model-source.ts";
import type { Published } from "../model/published-config.ts";
import type { ByteSource } from "../model/source.ts";
import type { Transfer } from "../model/transfer.ts";
import { cacheFolder } from "./cache-folder.ts";
import { fileBeside, fileSource } from "./files.ts";

export interface WeightsContext {
  /** Of `--offline`: no server is asked. */
  readonly offline?: boolean | undefined;
  readonly onProgress?: (transfer: Transfer) => void;
  readonly onRemark?: (remark: string) => void;
}

export interface OpenedWeights {
  /** By which it opens again, without a look for what its publisher says. */
  readonly path: string;
  readonly source: ByteSource;
  readonly beside: Beside;
  /** What the publisher says, for `openModel`, before what a person says. */
  readonly options: Published;
}

/** @param path of a file, or its address @throws InputError, WeightsError */
export async function openWeights(path: string, context: WeightsContext = {}): Promise<OpenedWeights> {
  if (!isAddress(path)) {
    return { path, source: await fileSource(path), beside: fileBeside(path), options: {} };
  }
  // The variable that Hugging Face's own tools take, for those who have a mirror.
  const hub = process.env["HF_ENDPOINT"];
  const { onProgress, onRemark, offline = false } = context;
  const { url, source, beside, options } = await modelSource(path, {
    cache: cacheFolder(),
    offline,
    ...(hub && { hub }),
    ...(onProgress && { onProgress }),
    ...(onRemark && { onRemark }),
  });
  return { path: url, source, beside, options };
}
