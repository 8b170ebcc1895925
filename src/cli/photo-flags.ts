/** Flags of the commands that start from a photograph. What was not given is absent. */

import type { ReconstructParam } from "../methods/reconstruct.ts";
import type { Size } from "../model/network.ts";
import type { CommonFlags } from "./flags.ts";

export interface PhotoFlags extends CommonFlags {
  readonly image: string;
  readonly out: string;
  readonly size?: Size;
}

export interface AttributionFlags extends PhotoFlags {
  readonly objective: string;
  readonly layer?: string;
  readonly samples?: number;
  readonly sigma?: number;
  readonly seed?: number;
  readonly steps?: number;
}

export interface ReconstructFlags extends PhotoFlags {
  readonly layer: string;
  readonly param?: ReconstructParam;
  readonly iterations?: number;
  readonly lr?: number;
  readonly tv?: number;
  readonly jitter?: number;
  readonly power?: number;
  readonly seed?: number;
}

export interface DreamFlags extends PhotoFlags {
  readonly objective?: string;
  readonly layer?: string;
  readonly octaves?: number;
  readonly octaveScale?: number;
  readonly iterations?: number;
  readonly lr?: number;
  readonly jitter?: number;
  readonly seed?: number;
}

export interface GridFlags extends PhotoFlags {
  readonly layer: string;
  readonly cells?: number;
  readonly cell?: number;
  readonly iterations?: number;
  readonly power?: number;
  readonly batch?: number;
  readonly seed?: number;
}

export interface FoolFlags extends PhotoFlags {
  readonly objective: string;
  readonly lr?: number;
  readonly iterations?: number;
}
