/** A progress bar on stderr, where stderr is a terminal. */

import cliProgress from "cli-progress";

export interface Progress {
  /** @param iteration finished iterations */
  update(iteration: number): void;
  stop(): void;
}

export function startProgress(iterations: number): Progress {
  if (!process.stderr.isTTY || iterations < 2) return { update() {}, stop() {} };
  const bar = new cliProgress.SingleBar({
    stream: process.stderr,
    format: "{bar} {value} of {total} iterations, {eta_formatted} left",
    barCompleteChar: "█",
    barIncompleteChar: "░",
    barsize: 30,
    hideCursor: true,
    clearOnComplete: true,
    stopOnComplete: false,
  });
  bar.start(iterations, 0);
  return { update: (iteration) => bar.update(iteration), stop: () => bar.stop() };
}
