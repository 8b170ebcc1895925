/** What a graph does to its pixels before its first layer: sums and products, of all channels alike or of each. */
import { preprocessOf } from "../scaling.ts";

export class PixelScaling {
  #scale: readonly number[] = [1];
  #offset: readonly number[] = [0];

  /** As metadata says it; undefined where nothing is done. */
  get preprocess(): string | undefined {
    const [scale, offset] = [this.#scale, this.#offset];
    const isScaled = scale.some((n) => n !== 1) || offset.some((n) => n !== 0);
    return isScaled ? preprocessOf({ scale, offset }) : undefined;
  }

  /** @param op Add, Sub, Mul or Div */
  add(op: string, numbers: readonly number[]): void {
    const count = Math.max(numbers.length, this.#scale.length, this.#offset.length);
    const channels = Array.from({ length: count }, (_, i) => i);
    const at = (list: readonly number[], i: number): number => list[list.length === 1 ? 0 : i] ?? Number.NaN;
    const factor = (i: number) => (op === "Mul" ? at(numbers, i) : op === "Div" ? 1 / at(numbers, i) : 1);
    const summand = (i: number) => (op === "Add" ? at(numbers, i) : op === "Sub" ? -at(numbers, i) : 0);
    const [scale, offset] = [this.#scale, this.#offset];
    this.#scale = channels.map((i) => at(scale, i) * factor(i));
    this.#offset = channels.map((i) => at(offset, i) * factor(i) + summand(i));
  }
}
