/** What one browser run yields, as JSON. */

export const contenderNames = ["ascent", "before", "tfjs", "jax", "ort", "ort-wasm"] as const;
export type ContenderName = (typeof contenderNames)[number];

/** What the page is asked for. */
export interface Cell {
  /** Pixels a side. */
  readonly size: number;
  /** Layer whose channel is maximised: `relu3_3`. */
  readonly target: string;
  readonly contenders: readonly ContenderName[];
  /** Times that everybody has a turn. */
  readonly rounds: number;
  /** Seconds a turn, and one iteration at least. */
  readonly blockSeconds: number;
}

export interface ContenderOutcome {
  readonly name: ContenderName;
  readonly version: string;
  /** From the weights in memory to the first finished iteration, compiling included. */
  readonly firstSeconds: number;
  /** Iterations of a turn. */
  readonly iterations: number;
  /** Of each turn. */
  readonly secondsPerIteration: readonly number[];
  /** Against the reference gradient: relative L2, and the median error over the gradient's rms. */
  readonly relativeL2: number;
  readonly medianError: number;
}

export interface Outcome {
  readonly adapter: string;
  readonly userAgent: string;
  readonly flops: number;
  /** The reference matrix product at the start, after each round, GFLOP/s. */
  readonly matmulGflops: readonly number[];
  /** Whose gradient the others are compared with. */
  readonly reference: string;
  readonly contenders: readonly ContenderOutcome[];
  readonly failures: readonly { readonly name: ContenderName; readonly message: string }[];
}

/** A line of the results file. */
export interface Result extends Cell {
  readonly browser: string;
  readonly date: string;
  readonly outcome: Outcome;
}
