/** Flags of the commands that start from a photograph. What was not given is absent. */
import type { CommonFlags } from "./flags.ts";

type Size = readonly [height: number, width: number];

interface PhotoFlags extends CommonFlags {
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

export interface FoolFlags extends PhotoFlags {
  readonly objective: string;
  readonly lr?: number;
  readonly iterations?: number;
}
