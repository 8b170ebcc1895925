/** Tries again where a download breaks off or a server is busy: a little later, and not for ever. */
import { BusyError, type Connection, InterruptedError } from "./download.ts";

/** Tries in a row that may fail. */
const TRIES = 5;
/** A server that asks for a longer pause is told to the one who waits. */
const LONGEST_PAUSE_MS = 60_000;

export interface Patience {
  /** Waits before the next try. @throws the failure where it is no use */
  afterFailure(error: unknown): Promise<void>;
  /** The next failure is the first again. */
  succeed(): void;
}

export function patience({ retryMs, signal }: Connection): Patience {
  let failures = 0;
  return {
    async afterFailure(error) {
      failures++;
      if (!(error instanceof InterruptedError) || failures >= TRIES) throw error;
      const { afterMs = retryMs * 2 ** (failures - 1) } = error;
      if (afterMs > LONGEST_PAUSE_MS) throw askedToWait(error, afterMs);
      await pause(afterMs, signal);
    },
    succeed() {
      failures = 0;
    },
  };
}

function askedToWait(error: InterruptedError, ms: number): InterruptedError {
  return new BusyError(error.message, {
    cause: error,
    remedy: `the server asks to try again in ${Math.ceil(ms / 60_000)} minutes`,
  });
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    if (signal?.aborted) stop();
    signal?.addEventListener("abort", stop, { once: true });
  });
}
