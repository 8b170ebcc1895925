/** A progress bar on stderr, where stderr is a terminal. */

import cliProgress from "cli-progress";

export interface Progress {
  /** @param done how much of the total */
  update(done: number): void;
  stop(): void;
}

/** @param unit of what is counted */
export function startProgress(total: number, unit = "iterations"): Progress {
  if (!process.stderr.isTTY || total < 2) return { update() {}, stop() {} };
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
  bar.start(total, 0);
  return { update: (done) => bar.update(done), stop: () => bar.stop() };
}
