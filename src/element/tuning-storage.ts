/** Tunings in the browser's storage for this origin. */
import type { TuningStorage } from "../engine/kernels/tuning-memory.ts";

/** Remembers nothing where a browser gives pages no storage. */
export const browserTuning: TuningStorage = {
  async read(key) {
    return storage()?.getItem(key) ?? undefined;
  },
  async write(key, text) {
    try {
      storage()?.setItem(key, text);
    } catch {
      // Full: the next start takes the kernels of this one.
    }
  },
};

/** The mere look at it throws where cookies are blocked. */
function storage(): Storage | undefined {
  try {
    return globalThis.localStorage;
  } catch {
    return undefined;
  }
}
