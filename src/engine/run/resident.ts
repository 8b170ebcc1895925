/** The images of an ascent on the device, and what else is written to a plan's buffers or read out of them between iterations. */
import { InputError } from "../../errors.ts";
import { readBuffer, readBuffers } from "../../gpu/device.ts";
import type { Sequence } from "../../gpu/program.ts";
import { coloursOf, type Preprocessing } from "../../nn/preprocess.ts";
import { allInColours } from "../../optvis/grey.ts";
import { initialState } from "../../optvis/optimizers.ts";
import { alphaName } from "../../optvis/params/alpha.ts";
import type { Recipe } from "../../optvis/recipe.ts";
import { IMAGE, isMoment, STATE, STATISTICS } from "../plan/buffer-names.ts";
import type { Start } from "../plan/plan.ts";
import { Presenter } from "./presenter.ts";
import type { Scheduler } from "./scheduler.ts";
import { type StartValues, valuesOf } from "./start.ts";

export class Resident {
  readonly #scheduler: Scheduler;
  readonly #preprocessing: Preprocessing;
  readonly #presenters = new Map<GPUTextureFormat, Presenter>();

  constructor(scheduler: Scheduler, preprocessing: Preprocessing) {
    this.#scheduler = scheduler;
    this.#preprocessing = preprocessing;
  }

  /** Colours in 0–1 units, (N,C,H,W), not clamped. */
  async readImage(): Promise<Float32Array<ArrayBuffer>> {
    const { size } = this.#scheduler.plan;
    const area = size[0] * size[1];
    const { mean } = this.#preprocessing;
    return (await this.read(IMAGE)).map((x, i) => x + (mean[Math.floor(i / area) % mean.length] as number));
  }

  /** Opacity, (N,1,H,W) in 0–1; undefined without an alpha channel. */
  async readAlpha(): Promise<Float32Array<ArrayBuffer> | undefined> {
    return this.#scheduler.plan.alpha === undefined ? undefined : this.read(alphaName(IMAGE));
  }

  /** The numbers in a buffer of the plan. */
  async read(name: string): Promise<Float32Array<ArrayBuffer>> {
    return new Float32Array(await readBuffer(this.#scheduler.gpu, this.#scheduler.buffer(name)));
  }

  /** @param given colours in 0–1 units, (N,C,H,W), or RGB of a network that reads grey, through the inverse of the recipe's parameterization */
  writeImage(recipe: Recipe, given: Float32Array): void {
    const { batch, size, values, show } = this.#scheduler.plan;
    const { mean } = this.#preprocessing;
    const colours = allInColours(given, batch, size[0] * size[1], coloursOf(mean));
    const expected = batch * mean.length * size[0] * size[1];
    if (colours.length !== expected)
      throw new InputError(`the image expects ${expected} numbers, got ${colours.length}`);
    this.write(values, valuesOf(recipe, this.#preprocessing, colours));
    this.#show(show);
  }

  write(name: string, data: Float32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>): void {
    this.#scheduler.gpu.device.queue.writeBuffer(this.#scheduler.buffer(name), 0, data);
  }

  /**
   * Writes the start and clears what earlier iterations left.
   * @param start where the values are written
   */
  begin(start: Start, { values, alpha }: StartValues): void {
    this.write(start.values, values);
    if (start.alpha && alpha) this.write(start.alpha, alpha);
    this.write(STATE, new Uint8Array(initialState()));
    for (const { name, bytes } of this.#scheduler.plan.buffers) {
      if (isMoment(name) && this.#scheduler.has(name)) this.write(name, new Uint8Array(bytes));
    }
    this.#show(start.show);
  }

  /** Bytes of buffers, all as they are at one moment; those that are not allocated are left out. */
  async bytesOf(names: readonly string[]): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
    const there = names.filter((name) => this.#scheduler.has(name));
    const parts = there.map((name) => {
      const source = this.#scheduler.buffer(name);
      return { source, offset: 0, size: source.size };
    });
    const read = await readBuffers(this.#scheduler.gpu, parts);
    return new Map(there.map((name, i) => [name, new Uint8Array(read[i] as ArrayBuffer)]));
  }

  /**
   * Puts bytes back and makes the images of them. Buffers that were not there when they were taken are zeros again.
   * @param names of all that live from one iteration to the next
   */
  putBack(
    names: readonly string[],
    bytes: ReadonlyMap<string, Uint8Array<ArrayBuffer>>,
    show: Sequence,
  ): void {
    for (const name of names) {
      if (!this.#scheduler.has(name)) continue;
      this.write(name, bytes.get(name) ?? new Uint8Array(this.#scheduler.buffer(name).size));
    }
    this.#show(show);
  }

  /** Makes the images of numbers written from outside. */
  #show(sequence: Sequence): void {
    if (sequence.length > 0) this.#scheduler.submit(sequence, "show");
  }

  /** Draws the images on a configured canvas. */
  present(context: GPUCanvasContext, format: GPUTextureFormat): void {
    const { picture } = this.#scheduler.plan;
    const presenter = this.#presenters.get(format) ?? this.#presenter(format);
    this.#presenters.set(format, presenter);
    if (picture.length > 0) this.#scheduler.submit(picture, "picture");
    presenter.draw(context.getCurrentTexture().createView());
  }

  #presenter(format: GPUTextureFormat): Presenter {
    const { batch, size, alpha, picture } = this.#scheduler.plan;
    const given = (there: boolean, name: string) => (there ? this.#scheduler.buffer(name) : undefined);
    const drawn = {
      image: this.#scheduler.buffer(IMAGE),
      alpha: given(alpha !== undefined, alphaName(IMAGE)),
      statistics: given(picture.length > 0, STATISTICS),
      ...{ batch, size, mean: this.#preprocessing.mean },
    };
    return Presenter.create(this.#scheduler.gpu, drawn, format);
  }

  dispose(): void {
    for (const presenter of this.#presenters.values()) presenter.dispose();
  }
}
