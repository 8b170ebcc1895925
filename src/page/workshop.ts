/** A GPU and an opened network for work beside the picture. Both are opened once and kept until closed. */
import { Resources } from "../element/resources.ts";
import type { Gpu } from "../gpu/device.ts";
import type { Model } from "../model/network.ts";
import { type ModelChoice, requestOf } from "./model-choice.ts";

export class Workshop {
  readonly #resources = new Resources();

  /** @throws AscentError where there is no GPU or the weights cannot be used */
  async open(choice: ModelChoice): Promise<{ readonly gpu: Gpu; readonly model: Model }> {
    const gpu = await this.#resources.gpu();
    const model = await this.#resources.model(requestOf(choice));
    return { gpu, model };
  }

  /** Gives the GPU's memory back; the next `open` asks for it anew. */
  close(): void {
    this.#resources.disposeGpu();
  }
}
