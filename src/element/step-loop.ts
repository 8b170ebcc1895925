/** Steps until it is stopped or done; one at a time. */
export class StepLoop {
  #current: { readonly abort: AbortController; readonly ended: Promise<void> } | undefined;

  get going(): boolean {
    return this.#current !== undefined;
  }

  /** Asks it to stop; what is under way still lands. */
  stop(): void {
    this.#current?.abort.abort();
  }

  /** Resolves when it does not step any more. */
  async ended(): Promise<void> {
    await this.#current?.ended;
  }

  /**
   * @param steps steps until the signal is aborted
   * @param onError of an error that comes before it is stopped
   * @param onEnd always called in the end
   */
  start(
    steps: (signal: AbortSignal) => Promise<void>,
    onError: (error: unknown) => void,
    onEnd: () => void,
  ): void {
    const abort = new AbortController();
    const ended = steps(abort.signal)
      .catch((error: unknown) => {
        if (!abort.signal.aborted) onError(error);
      })
      .then(() => {
        this.#current = undefined;
        onEnd();
      });
    this.#current = { abort, ended };
  }
}
