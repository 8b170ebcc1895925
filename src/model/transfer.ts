/** How far a download is, of one file or of several that make a network. */

export interface Transfer {
  /** Bytes that came. */
  readonly received: number;
  /** Bytes that will have come when all is there that is going to be read, as far as that is known by now. */
  readonly expected: number;
}

export interface TransferCounter {
  /** Bytes that came. */
  receive(bytes: number): void;
  /** Bytes that were asked for. */
  ask(bytes: number): void;
  /** Bytes that are going to be read. */
  plan(bytes: number): void;
  /** Bytes that are read now, wherever they come from. */
  read(bytes: number): void;
}

export function transferCounter(onProgress: ((transfer: Transfer) => void) | undefined): TransferCounter {
  let [received, asked, planned] = [0, 0, 0];
  const tell = (): void => onProgress?.({ received, expected: Math.max(received, asked + planned) });
  return {
    receive(bytes) {
      received += bytes;
      tell();
    },
    ask(bytes) {
      asked += bytes;
    },
    plan(bytes) {
      planned += bytes;
    },
    read(bytes) {
      if (planned === 0) return;
      planned = Math.max(0, planned - bytes);
      tell();
    },
  };
}
