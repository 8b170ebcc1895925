/** Adaptive average pool to O×O, with PyTorch's windows. O = 1 is global average pooling. */
import { avgpool_backward, avgpool_forward } from "../../../shaders/avgpool.wgsl";
import { type BufferRef, type Dispatch, dispatch, fold } from "../../gpu/dispatch.ts";
import { type LayerKind, type Shape, weightless } from "../layer.ts";

export interface AvgPoolLayer {
  readonly kind: "avgpool";
  readonly name: "avgpool";
  /** Side of the output; 1 is global average pooling. */
  readonly outputSize: number;
}

export const avgpool: LayerKind<AvgPoolLayer> = {
  ...weightless,
  kind: "avgpool",
  reads: "channel",
  outputShape: ({ outputSize }, { channels }) => ({ channels, height: outputSize, width: outputSize }),
  // The windows, and so all that follows, grow with the image.
  inputSpan: () => undefined,
  bitsBytes: () => 0,
  forward: ({ layer, batch, input }, buffers) => [
    avgpoolForward(`${layer.name} forward`, batch, input, layer.outputSize, buffers),
  ],
  backward: ({ layer, batch, input }, { outputGradient, inputGradient }) => [
    avgpoolBackward(`${layer.name} backward`, batch, input, layer.outputSize, {
      outputGradient,
      inputGradient,
    }),
  ],
};

export function avgpoolForward(
  label: string,
  batch: number,
  input: Shape,
  outputSize: number,
  buffers: { readonly input: BufferRef; readonly output: BufferRef },
): Dispatch {
  const uniform = poolShape(batch, input, outputSize);
  const workgroups = fold(uniform.planes * outputSize * outputSize);
  return dispatch(avgpool_forward, { label, buffers, uniform, workgroups, bytes: traffic(uniform) });
}

export function avgpoolBackward(
  label: string,
  batch: number,
  input: Shape,
  outputSize: number,
  buffers: { readonly outputGradient: BufferRef; readonly inputGradient: BufferRef },
): Dispatch {
  const uniform = poolShape(batch, input, outputSize);
  const workgroups = fold(uniform.planes * input.height * input.width);
  return dispatch(avgpool_backward, { label, buffers, uniform, workgroups, bytes: traffic(uniform) });
}

function traffic({ planes, height, width, outputSize }: ReturnType<typeof poolShape>): number {
  return 4 * planes * (height * width + outputSize * outputSize);
}

function poolShape(batch: number, { channels, height, width }: Shape, outputSize: number) {
  return { planes: batch * channels, height, width, outputSize };
}
