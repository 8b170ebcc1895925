/** 2×2 average pool, stride 2. Odd sizes floor. */
import { avgpool2x2_backward, avgpool2x2_forward } from "../../../shaders/avgpool2x2.wgsl";
import { type BufferRef, type Dispatch, dispatch, fold } from "../../gpu/dispatch.ts";
import { type LayerKind, nonEmpty, type Shape, weightless } from "../layer.ts";

export interface AvgPool2x2Layer {
  readonly kind: "avgpool2x2";
  /** As a max-pool's: `pool3` ends block 3. */
  readonly name: string;
}

export const avgpool2x2: LayerKind<AvgPool2x2Layer> = {
  ...weightless,
  kind: "avgpool2x2",
  reads: "channel",
  outputShape(_, input) {
    const [height, width] = [Math.floor(input.height / 2), Math.floor(input.width / 2)];
    return nonEmpty({ ...input, height, width }, input);
  },
  inputSpan: (_, [begin, end]) => [2 * begin, 2 * end],
  bitsBytes: () => 0,
  forward: ({ layer, batch, input }, buffers) => [
    avgpool2x2Forward(`${layer.name} forward`, batch, input, buffers),
  ],
  backward: ({ layer, batch, input }, { outputGradient, inputGradient }) => [
    avgpool2x2Backward(`${layer.name} backward`, batch, input, { outputGradient, inputGradient }),
  ],
};

/** @param input shape of x, (C,H,W); y is (C,⌊H/2⌋,⌊W/2⌋) */
export function avgpool2x2Forward(
  label: string,
  batch: number,
  input: Shape,
  buffers: { readonly input: BufferRef; readonly output: BufferRef },
): Dispatch {
  const { pooled, ...extent } = extentOf(batch, input);
  return dispatch(avgpool2x2_forward, { label, buffers, ...extent, workgroups: fold(pooled) });
}

/** @param input shape of x, the layer's input in the forward pass */
export function avgpool2x2Backward(
  label: string,
  batch: number,
  input: Shape,
  buffers: { readonly outputGradient: BufferRef; readonly inputGradient: BufferRef },
): Dispatch {
  const { pooled: _, ...extent } = extentOf(batch, input);
  const { planes, height, width } = extent.uniform;
  return dispatch(avgpool2x2_backward, {
    label,
    buffers,
    ...extent,
    workgroups: fold(planes * height * width),
  });
}

function extentOf(batch: number, { channels, height, width }: Shape) {
  const planes = batch * channels;
  const pooled = planes * Math.floor(height / 2) * Math.floor(width / 2);
  return { uniform: { planes, height, width }, pooled, bytes: 4 * (planes * height * width + pooled) };
}
