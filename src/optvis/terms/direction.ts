/** Directions in channel space and caricatures: dot × cosᵖ; formulas in shaders/direction.wgsl. */
import { direction_backward, direction_forward } from "../../../shaders/direction.wgsl";
import { type BufferRef, dispatch, fold } from "../../gpu/dispatch.ts";
import { PARTIALS } from "../reduce.ts";
import type {
  CaricatureTerm,
  ChannelsTerm,
  ChannelTerm,
  DirectionsTerm,
  DirectionTerm,
  InterpolationTerm,
  NeuronTerm,
} from "../term.ts";
import { gains, type TermContext, type TermPasses, weighted } from "./context.ts";
import { onePosition, type Rectangle, withinBorder } from "./rectangle.ts";

type VectorTerm =
  | ChannelTerm
  | NeuronTerm
  | ChannelsTerm
  | DirectionTerm
  | DirectionsTerm
  | InterpolationTerm;

/** Lucid's floor of the cosine: without one, a direction that is opposed has no gradient that turns it. */
const FLOOR = 0.1;

/** A direction of each image over the channels, (N,C), the same at every position. */
export function directionPasses(place: TermContext<VectorTerm>): TermPasses {
  const { term, index, batch, shape, memory } = place;
  const { channels, height, width } = shape;
  const vectors = new Float32Array(batch * channels);
  for (let n = 0; n < batch; n++)
    addVector(term, n, batch, vectors.subarray(n * channels, (n + 1) * channels));
  const centre = [Math.floor(height / 2), Math.floor(width / 2)] as const;
  const one = "position" in term ? term.position : term.kind === "neuron" ? centre : undefined;
  return passes(place, {
    direction: memory.table(`term${index}.direction`, vectors),
    strides: { imageStride: channels, channelStride: 1, positionStride: 0 },
    power: "power" in term ? term.power : 0,
    positions: one ? onePosition(shape, one) : withinBorder(shape, "border" in term ? term.border : 0),
  });
}

/** The photograph's activation (C,H,W), the same for every image. */
export function caricaturePasses(place: TermContext<CaricatureTerm>): TermPasses {
  const { term, shape, memory } = place;
  const { channels, height, width } = shape;
  const area = height * width;
  const bytes = 4 * channels * area;
  const direction = memory.buffer(`${term.layer}.target`, "kept", bytes);
  return {
    ...passes(place, {
      direction,
      strides: { imageStride: 0, channelStride: area, positionStride: 1 },
      power: term.power,
      positions: withinBorder(shape, term.border),
    }),
    capture: { from: "activation", to: direction, bytes },
  };
}

interface Along {
  readonly direction: BufferRef;
  readonly strides: {
    readonly imageStride: number;
    readonly channelStride: number;
    readonly positionStride: number;
  };
  readonly power: number;
  readonly positions: Rectangle;
}

function passes(place: TermContext, { direction, strides, power, positions }: Along): TermPasses {
  const { term, index, batch, shape } = place;
  const area = shape.height * shape.width;
  const { value: scale, live } = weighted(place, 1 / positions.count);
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
  const shared = { direction, gains: gains(place) };
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

/** Adds image n's direction to `vector`, one number a channel. */
function addVector(term: VectorTerm, n: number, batch: number, vector: Float32Array): void {
  const add = (channel: number, x: number): void => {
    vector[channel] = (vector[channel] as number) + x;
  };
  switch (term.kind) {
    case "channel":
    case "neuron":
      add(term.channel, 1);
      return;
    case "channels":
      add(term.channels[n % term.channels.length] as number, 1);
      return;
    case "direction":
      for (const [channel, x] of term.direction) add(channel, x);
      return;
    case "directions":
      vector.set(term.directions[n % term.directions.length] as Float32Array);
      return;
    case "interpolate": {
      const share = batch > 1 ? n / (batch - 1) : 0;
      add(term.from, 1 - share);
      add(term.to, share);
      return;
    }
  }
}
