/** Opens the network that was chosen: its header alone, so that the subject can follow it and a bad file changes nothing. */
import { openRequest } from "../element/resources.ts";
import type { Network, Preprocess } from "../model/network.ts";
import { blobSource } from "../model/source.ts";
import type { Transfer } from "../model/transfer.ts";
import { type ModelChoice, requestOf } from "./model-choice.ts";

/** What the page knows of the network that it draws with. */
export interface OpenedNetwork {
  readonly network: Network;
  readonly preprocess: Preprocess;
  readonly unusedTensors: readonly string[];
  /** What was taken for granted, a sentence each. */
  readonly assumptions: readonly string[];
}

export interface Opening {
  readonly signal: AbortSignal;
  readonly onTransfer: (transfer: Transfer) => void;
  /** Of an address, only what is kept here; nothing is requested. */
  readonly offline?: boolean;
}

/** @throws AscentError where it cannot be opened; a QuestionError where a person has to say something first */
export async function openChoice(
  choice: ModelChoice,
  { signal, onTransfer, offline }: Opening,
): Promise<OpenedNetwork> {
  const model = await openRequest(requestOf(choice), { onTransfer }, signal, offline);
  model.close?.();
  const { network, preprocess, unusedTensors, assumptions } = model;
  return { network, preprocess, unusedTensors, assumptions };
}

const HASHED_BYTES = 1 << 16;
const HASH_DIGITS = 12;

/** Tells files of one name apart: the beginning of SHA-256 of their size and first 64 KiB, which hold most headers. */
export async function fingerprint(file: Blob): Promise<string> {
  const head = await blobSource(file).read(0, Math.min(file.size, HASHED_BYTES));
  const size = new TextEncoder().encode(`${file.size} `);
  const bytes = new Uint8Array(size.length + head.length);
  bytes.set(size);
  bytes.set(head, size.length);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0"))
    .join("")
    .slice(0, HASH_DIGITS);
}
