/** A progress bar on stderr, where stderr is a terminal. */

import cliProgress from "cli-progress";
import type { Transfer } from "../model/transfer.ts";
import { whenEnded } from "./ending.ts";

export interface Progress {
  /** @param done how much of the total */
  update(done: number): void;
  stop(): void;
}

/** @param unit of what is counted */
export function startProgress(total: number, unit = "iterations"): Progress {
  if (!process.stderr.isTTY || total < 2) return { update() {}, stop() {} };
  const bar = progressBar(unit);
  bar.start(total, 0);
  return { update: (done) => bar.update(done), stop: bar.stop };
}

export interface TransferProgress {
  readonly update: (transfer: Transfer) => void;
  stop(): void;
}

/** Less is there before one sees a bar. */
const LEAST_BYTES = 1e6;

/** Bytes of weights that come from elsewhere: a bar while more are to come. */
export function transferProgress(): TransferProgress {
  let bar: Bar | undefined;
  const stop = (): void => {
    bar?.stop();
    bar = undefined;
  };
  return {
    update({ received, expected }) {
      if (!process.stderr.isTTY || expected < LEAST_BYTES) return;
      if (received >= expected) return stop();
      if (bar === undefined) {
        bar = progressBar("MB");
        bar.start(megabytes(expected), 0);
      }
      bar.setTotal(megabytes(expected));
      bar.update(megabytes(received));
    },
    stop,
  };
}

function megabytes(bytes: number): number {
  return Math.ceil(bytes / 1e5) / 10;
}

interface Bar extends Pick<cliProgress.SingleBar, "start" | "update" | "setTotal"> {
  readonly stop: () => void;
}

/** While it is there the cursor is hidden: it is shown again however the command ends. */
function progressBar(unit: string): Bar {
  const bar = new cliProgress.SingleBar({
    stream: process.stderr,
    format: `{bar} {value} of {total} ${unit}, {eta_formatted} left`,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    barsize: 30,
    hideCursor: true,
    clearOnComplete: true,
    stopOnComplete: false,
  });
  const forget = whenEnded(() => bar.stop());
  return {
    start: bar.start.bind(bar),
    update: bar.update.bind(bar),
    setTotal: bar.setTotal.bind(bar),
    stop: () => {
      forget();
      bar.stop();
    },
  };
}
