/** Single steps and resets, one after the other. */
export class Turns {
  #waiting = 0;
  #last: Promise<void> = Promise.resolve();

  /** Whether any are in progress or waiting. */
  get any(): boolean {
    return this.#waiting > 0;
  }

  /**
   * Works when all earlier turns are done.
   * @param onEnd called when this one is, whether it failed or not
   */
  take(work: () => Promise<void>, onEnd: () => void): Promise<void> {
    const earlier = this.#last;
    this.#waiting++;
    this.#last = (async () => {
      await earlier;
      await work();
    })().finally(() => {
      this.#waiting--;
      onEnd();
    });
    return this.#last;
  }
}
