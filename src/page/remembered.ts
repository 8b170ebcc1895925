/** Files of weights that a person had remembered on this computer, by their fingerprints. They never leave it. */
import { createStore, del, get, set } from "idb-keyval";

/** Of one network: the file that was chosen and those beside it. */
export interface RememberedFiles {
  readonly file: File;
  readonly beside: readonly File[];
}

const store = () => createStore("ascent-weights", "files");

/** @throws where the browser keeps nothing: in a private window, or where the disk is full */
export function remember(fingerprint: string, files: RememberedFiles): Promise<void> {
  return set(fingerprint, files, store());
}

/** Undefined where nothing is remembered, or nothing can be. */
export async function recall(fingerprint: string): Promise<RememberedFiles | undefined> {
  return get<RememberedFiles>(fingerprint, store()).catch(() => undefined);
}

export async function forget(fingerprint: string): Promise<void> {
  await del(fingerprint, store()).catch(() => undefined);
}
