import { mainFile } from "../model/readers/registry.ts";
import type { Reading } from "../model/reading.ts";

/** Which weights; a file stays on this computer. */
export interface ModelChoice {
  /** Undefined is the embedded network. */
  readonly file: File | undefined;
  /** Files chosen together with it, which it may name. */
  readonly beside: readonly File[];
  /** Of the file (`open-choice.ts`); empty until it was worked out, and of the embedded network. */
  readonly fingerprint: string;
  /** Said by hand where the file says nothing or is wrong. */
  readonly reading: Reading;
}

export const embeddedModel: ModelChoice = { file: undefined, beside: [], fingerprint: "", reading: {} };

/** @param files one, or shards and the file that lists them */
export function choiceOf(files: Iterable<File>): ModelChoice {
  const beside = [...files];
  return { ...embeddedModel, file: mainFile(beside), beside };
}
