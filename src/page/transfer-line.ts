/** How far a download is, in words: bytes, and the time that is left at the pace so far. */
import type { Transfer } from "../model/transfer.ts";

/** Less than this is there before one has read it. */
const LEAST_BYTES = 200_000;
/** A pace that is measured over less is a guess. */
const LEAST_SECONDS = 2;

export class TransferLine {
  #begun: number | undefined;
  #last: Transfer | undefined;

  /** @param now milliseconds. A transfer of fewer bytes than before is another one. */
  tell(transfer: Transfer, now: number): string | undefined {
    const { received, expected } = transfer;
    if (this.#begun === undefined || received < (this.#last?.received ?? 0)) this.#begun = now;
    this.#last = transfer;
    if (expected < LEAST_BYTES || received >= expected) return undefined;
    const seconds = (now - this.#begun) / 1000;
    const left =
      received > 0 && seconds >= LEAST_SECONDS ? (seconds * (expected - received)) / received : undefined;
    return `${megabytes(received)} of ${megabytes(expected)} MB${left === undefined ? "" : `, ${duration(left)} left`}`;
  }
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

function duration(seconds: number): string {
  return seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`;
}
