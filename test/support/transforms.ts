/** A transform's place in the chain, for pure tests. */
import type { TransformBuffers, TransformContext } from "../../src/optvis/transforms/transform.ts";

export const PLACE: TransformContext = {
  ...{ batch: 2, size: [5, 7], seed: 3, op: 4, strength: 0.5, fill: [0.1, 0.2, 0.3] },
};

export const BUFFERS: TransformBuffers = { state: "state", input: "in", output: "out" };
