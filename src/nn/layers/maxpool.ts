/**
 * 2×2 max-pool, stride 2. Odd sizes floor, and the first maximum wins ties. The backward pass needs two bits a pooled
 * pixel. Both passes compute the ReLU before the pool as well where they are given its bits.
 */
import {
  maxpool_backward,
  maxpool_backward_relu,
  maxpool_backward_relu_guided,
  maxpool_forward,
  maxpool_forward_relu,
} from "../../../shaders/maxpool.wgsl";
import { type BufferRef, type Dispatch, dispatch, fold } from "../../gpu/dispatch.ts";
import { poolBitsBytes, reluBitsBytes } from "../bits.ts";
import { type LayerKind, nonEmpty, type Shape, weightless } from "../layer.ts";
import type { ReluLayer } from "./relu.ts";

const RELU: ReluLayer["kind"] = "relu";

export interface MaxPoolLayer {
  readonly kind: "maxpool";
  /** `pool3` ends block 3. */
  readonly name: string;
}

export const maxpool: LayerKind<MaxPoolLayer> = {
  ...weightless,
  kind: "maxpool",
  reads: "channel",
  outputShape(_, input) {
    const [height, width] = [Math.floor(input.height / 2), Math.floor(input.width / 2)];
    return nonEmpty({ ...input, height, width }, input);
  },
  inputSpan: (_, [begin, end]) => [2 * begin, 2 * end],
  bitsBytes: ({ batch, input }) => poolBitsBytes(batch, input),
  fusesBackward: (_, before, rule) => before.kind === RELU && rule !== "redirect",
  forward: ({ layer, batch, input, bits }, buffers) => [
    maxpoolForward(`${layer.name} forward`, batch, input, { ...buffers, winners: bits() }),
  ],
  backward({ layer, batch, input, bits }, buffers, { rule }) {
    const bound = { ...buffers, chosen: bits() };
    return [
      maxpoolBackward(`${layer.name} backward`, batch, input, bound, rule === "guided" ? "guided" : "plain"),
    ];
  },
};

/**
 * @param input shape of x, (C,H,W); y is (C,⌊H/2⌋,⌊W/2⌋)
 * @param buffers with `bits`, x is before the ReLU, whose bits are written there but for those outside of any window
 */
export function maxpoolForward(
  label: string,
  batch: number,
  input: Shape,
  buffers: {
    readonly input: BufferRef;
    readonly output: BufferRef;
    readonly winners: BufferRef;
    readonly bits?: BufferRef | undefined;
  },
): Dispatch {
  const { bits, ...bound } = buffers;
  const options = { label, ...extent(batch, input, bits !== undefined) };
  return bits === undefined
    ? dispatch(maxpool_forward, { ...options, buffers: bound })
    : dispatch(maxpool_forward_relu, { ...options, buffers: { ...bound, bits } });
}

/**
 * @param input shape of x, the layer's input in the forward pass
 * @param buffers with `mask`, the bits of the ReLU before the pool, dx is the gradient before that ReLU
 * @param rule what the ReLU does to the gradient
 */
export function maxpoolBackward(
  label: string,
  batch: number,
  input: Shape,
  buffers: {
    readonly chosen: BufferRef;
    readonly outputGradient: BufferRef;
    readonly inputGradient: BufferRef;
    readonly mask?: BufferRef | undefined;
  },
  rule: "plain" | "guided" = "plain",
): Dispatch {
  const { mask, ...bound } = buffers;
  const options = { label, ...extent(batch, input, mask !== undefined) };
  if (mask === undefined) return dispatch(maxpool_backward, { ...options, buffers: bound });
  const kernel = rule === "plain" ? maxpool_backward_relu : maxpool_backward_relu_guided;
  return dispatch(kernel, { ...options, buffers: { ...bound, mask } });
}

/** Either pass: an invocation a word of 8 pixels of two rows; the large map, the pooled one, and the bits. */
function extent(batch: number, input: Shape, relu: boolean) {
  const { channels, height, width } = input;
  const pooled = Math.floor(height / 2) * Math.floor(width / 2);
  const words = Math.ceil(channels / 4) * Math.ceil(height / 2) * Math.ceil(width / 8);
  const bitsBytes = poolBitsBytes(batch, input) + (relu ? reluBitsBytes(batch, input) : 0);
  return {
    uniform: { batch, channels, height, width },
    workgroups: fold(batch * words),
    bytes: 4 * batch * channels * (height * width + pooled) + bitsBytes,
  };
}
