import type { ModelRequest } from "../element/resources.ts";
import { mainFile } from "../model/readers/registry.ts";
import type { Reading } from "../model/reading.ts";
import { embeddedUrl } from "./embedded.ts";

/** Which weights; a file stays on this computer. */
export interface ModelChoice {
  /** `https:` or `hf:`; empty for a file, and for the embedded network. */
  readonly address: string;
  /** Undefined for an address, and for the embedded network. */
  readonly file: File | undefined;
  /** Files chosen together with it, which it may name. */
  readonly beside: readonly File[];
  /** Of the file (`open-choice.ts`); empty until it was worked out, and of the embedded network. */
  readonly fingerprint: string;
  /** Names of the classes, from a file that was dropped on the page. */
  readonly classes?: readonly string[];
  /** Said by hand where the file says nothing or is wrong. */
  readonly reading: Reading;
}

export const embeddedModel: ModelChoice = {
  address: "",
  file: undefined,
  beside: [],
  fingerprint: "",
  reading: {},
};

/** The embedded one is not the person's own. */
export function isOwn({ address, file }: ModelChoice): boolean {
  return address !== "" || file !== undefined;
}

/** What the choice is called. */
export function nameOf({ address, file }: ModelChoice): string {
  return address || (file?.name ?? "");
}

/** What is asked of an element. What comes from an address is kept, so that it opens again without a connection. */
export function requestOf({ address, file, beside, reading, classes }: ModelChoice): ModelRequest {
  return { model: address || (file ?? embeddedUrl), beside, reading, classes, cache: address !== "" };
}

/** @param files one, or shards and the file that lists them */
export function choiceOf(files: Iterable<File>): ModelChoice {
  const beside = [...files];
  return { ...embeddedModel, file: mainFile(beside), beside };
}
