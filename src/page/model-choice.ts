import type { Reading } from "../model/reading.ts";

/** Which weights; a file stays on this computer. */
export interface ModelChoice {
  /** Undefined is the embedded network. */
  readonly file: File | undefined;
  /** Said by hand where the file says nothing or is wrong. */
  readonly reading: Reading;
}

export const embeddedModel: ModelChoice = { file: undefined, reading: {} };
