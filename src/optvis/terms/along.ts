/** Means of dot × cosᵖ with a direction in channel space; formulas in shaders/direction.wgsl. */
import { direction_backward, direction_forward } from "../../../shaders/direction.wgsl";
import { type BufferRef, dispatch, fold } from "../../gpu/dispatch.ts";
import { PARTIALS } from "../reduce.ts";
import { gains, type TermContext, type TermPasses, weighted } from "./context.ts";
import type { TermData } from "./kind.ts";
import type { Rectangle } from "./rectangle.ts";

/** Lucid's floor of the cosine: without one, a direction that is opposed has no gradient that turns it. */
const FLOOR = 0.1;

interface Along {
  readonly direction: BufferRef;
  /** Between the direction's numbers of neighbouring images, channels and positions; 0 where they are the same. */
  readonly strides: {
    readonly imageStride: number;
    readonly channelStride: number;
    readonly positionStride: number;
  };
  /** p of cosᵖ. */
  readonly power: number;
  readonly positions: Rectangle;
}

/**
 * A direction of each image over the channels, the same at every position.
 * @param fill writes image n's direction into a vector of zeros, one number a channel
 */
export function vectorPasses(
  context: TermContext<TermData>,
  { power = 0, positions }: { readonly power?: number; readonly positions: Rectangle },
  fill: (vector: Float32Array, n: number) => void,
): TermPasses {
  const { index, batch, shape, memory } = context;
  const { channels } = shape;
  const vectors = new Float32Array(batch * channels);
  for (let n = 0; n < batch; n++) fill(vectors.subarray(n * channels, (n + 1) * channels), n);
  return alongPasses(context, {
    direction: memory.table(`term${index}.direction`, vectors),
    strides: { imageStride: channels, channelStride: 1, positionStride: 0 },
    power,
    positions,
  });
}

/** Adds to one channel of a direction. */
export function add(vector: Float32Array, channel: number, x: number): void {
  vector[channel] = (vector[channel] as number) + x;
}

export function alongPasses(
  context: TermContext<TermData>,
  { direction, strides, power, positions }: Along,
): TermPasses {
  const { term, index, batch, shape } = context;
  const area = shape.height * shape.width;
  const { value: scale, live } = weighted(context, 1 / positions.count);
  const uniform = {
    batch,
    channels: shape.channels,
    area,
    ...positions,
    ...strides,
    slot: index,
    power,
    lowest: FLOOR,
    scale,
  };
  const label = `${term.layer} ${term.kind}`;
  const shared = { direction, gains: gains(context) };
  return {
    forward: ({ activation, partials }) => [
      dispatch(direction_forward, {
        label: `${label} forward`,
        buffers: { ...shared, activation, partials },
        uniform: { ...uniform, accumulate: 0 },
        workgroups: [PARTIALS, batch, 1],
        live,
      }),
    ],
    backward: (accumulate, { activation, gradient }) => [
      dispatch(direction_backward, {
        label: `${label} backward`,
        buffers: { ...shared, activation, gradient },
        uniform: { ...uniform, accumulate: accumulate ? 1 : 0 },
        workgroups: fold(batch * area),
        live,
      }),
    ],
  };
}
