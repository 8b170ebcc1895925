import type { OpenOptions } from "../model/model.ts";
import type { Preprocess } from "../model/network.ts";

/** Which weights; a file stays on this computer. */
export interface ModelChoice {
  /** Undefined is the embedded network. */
  readonly file: File | undefined;
  /** Set by hand where the file says nothing or is wrong. */
  readonly preprocess: Preprocess | undefined;
  readonly padding: 0 | 1 | undefined;
  /** Every convolution and the pools, where names do not tell. */
  readonly layers?: string | undefined;
}

export const embeddedModel: ModelChoice = { file: undefined, preprocess: undefined, padding: undefined };

export function openOptions({ preprocess, padding, layers }: ModelChoice): OpenOptions {
  return {
    ...(preprocess === undefined ? {} : { preprocess }),
    ...(padding === undefined ? {} : { padding }),
    ...(layers === undefined ? {} : { layers }),
  };
}
