/** What is to be done when somebody ends the command: Ctrl-C, or a signal of the system. Done at once, without waiting. */

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

const cleanings = new Set<() => void>();

/** @returns how to take it back */
export function whenEnded(clean: () => void): () => void {
  cleanings.add(clean);
  return () => void cleanings.delete(clean);
}

/** From now on a signal cleans up first. Then it ends the process as it would have: a shell sees 130, 143 or 129. */
export function listenForEnd(): void {
  for (const signal of SIGNALS) {
    process.once(signal, () => {
      for (const clean of cleanings) clean();
      process.kill(process.pid, signal);
    });
  }
}
