/** Sizes and costs of a 3×3 convolution, stride 1, in both directions. */

/** One convolution at one size: x (N,C,H,W) → y (N,K,H+2p−2,W+2p−2). */
export interface ConvShape {
  readonly batch: number;
  readonly inputChannels: number;
  readonly inputHeight: number;
  readonly inputWidth: number;
  readonly outputChannels: number;
  readonly padding: 0 | 1;
}

export type ConvPass = "forward" | "backward_input";

/**
 * One pass as a correlation of what it reads, (N,C,H,W), with a border of `pad` zeros, to what it writes,
 * (N,K,H+2·pad−2,W+2·pad−2). Backward that is dy with flipped, transposed weights and pad 2 − p.
 */
export interface Correlation {
  readonly batch: number;
  readonly inputChannels: number;
  readonly inputHeight: number;
  readonly inputWidth: number;
  readonly outputChannels: number;
  readonly outputHeight: number;
  readonly outputWidth: number;
  readonly pad: number;
}

export function convOutputSize(shape: ConvShape): [height: number, width: number] {
  const grow = 2 * shape.padding - 2;
  return [shape.inputHeight + grow, shape.inputWidth + grow];
}

/** Multiplications and additions of one pass. */
export function convFlops(shape: ConvShape): number {
  return correlationFlops(correlation(shape, "forward"));
}

export function correlation(shape: ConvShape, pass: ConvPass): Correlation {
  const [outputHeight, outputWidth] = convOutputSize(shape);
  const { padding, ...sizes } = shape;
  const forward = { ...sizes, outputHeight, outputWidth, pad: padding };
  return pass === "forward" ? forward : transposed(forward);
}

/** The correlation back: input and output exchanged. It is its own inverse. */
export function transposed(pass: Correlation): Correlation {
  return {
    batch: pass.batch,
    inputChannels: pass.outputChannels,
    inputHeight: pass.outputHeight,
    inputWidth: pass.outputWidth,
    outputChannels: pass.inputChannels,
    outputHeight: pass.inputHeight,
    outputWidth: pass.inputWidth,
    pad: 2 - pass.pad,
  };
}

/**
 * Multiplications and additions of one pass. Both passes of a convolution count the same: nine taps for each position of
 * y, which is the smaller side.
 */
export function correlationFlops(pass: Correlation): number {
  const input = pass.inputHeight * pass.inputWidth;
  const output = pass.outputHeight * pass.outputWidth;
  return 2 * 9 * pass.batch * pass.inputChannels * pass.outputChannels * Math.min(input, output);
}

/**
 * Bytes of one pass, each counted once: input, output (which may be `pooled`) and weights. Bits are left out: they are a
 * thirty-second of a map.
 */
export function correlationBytes(pass: Correlation, pooled = false): number {
  const { batch, inputChannels, outputChannels } = pass;
  const side = (length: number) => (pooled ? Math.floor(length / 2) : length);
  const input = inputChannels * pass.inputHeight * pass.inputWidth;
  const output = outputChannels * side(pass.outputHeight) * side(pass.outputWidth);
  return 4 * (batch * (input + output) + 9 * inputChannels * outputChannels);
}
