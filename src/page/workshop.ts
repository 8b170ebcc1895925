/** A GPU and an opened network for work beside the picture. Both are opened once and kept until closed. */
import { Resources } from "../element/resources.ts";
import { AscentError } from "../errors.ts";
import type { Gpu } from "../gpu/device.ts";
import type { Model } from "../model/network.ts";
import { embeddedUrl } from "./embedded.ts";
import type { ModelChoice } from "./model-choice.ts";

export class Workshop {
  readonly #resources = new Resources();

  /** @throws AscentError where there is no GPU or the weights cannot be used */
  async open({ file, beside, reading }: ModelChoice): Promise<{ readonly gpu: Gpu; readonly model: Model }> {
    const gpu = await this.#resources.gpu();
    const model = await this.#resources.model({ model: file ?? embeddedUrl, beside, reading });
    return { gpu, model };
  }

  /** Gives the GPU's memory back; the next `open` asks for it anew. */
  close(): void {
    this.#resources.disposeGpu();
  }
}

/** What failed, in words for a message. */
export function asAscentError(error: unknown): AscentError {
  return error instanceof AscentError ? error : new AscentError(String(error), { cause: error });
}
