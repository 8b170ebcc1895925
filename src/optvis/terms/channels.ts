/** `channel` with a list: every image of a batch has its own channel, image n the n-th, round and round. */
import { add, vectorPasses } from "./along.ts";
import type { OverPositions, TermKind } from "./kind.ts";
import { withinBorder } from "./rectangle.ts";

export interface ChannelsTerm extends OverPositions {
  readonly kind: "channels";
  readonly channels: readonly number[];
}

/** Read by `channel`, whose spelling it shares. */
export const channels: TermKind<ChannelsTerm> = {
  forms: [
    {
      written: ["channel:LAYER:3,17,9", "channel:LAYER:0..15"],
      says: "another channel for each image of a batch, round and round",
    },
  ],
  spellings: {},
  format: (term) => channelSpec(term.layer, ...term.channels),
  reads: "layer",
  photo: false,
  batch: (term) => term.channels.length,
  channels: {
    of: (term) => term.channels,
    among: (term, at) => ({ ...term, channels: term.channels.map(at) }),
  },
  border: true,
  positions: "all",
  gradientReads: () => "activation",
  passes(context) {
    const { term, shape } = context;
    const positions = withinBorder(shape, term.border);
    return vectorPasses(context, { positions }, (vector, n) =>
      add(vector, term.channels[n % term.channels.length] as number, 1),
    );
  },
};

/** The text of a channel's mean; of several, of one for each image of a batch. */
export function channelSpec(layer: string, ...channels: readonly number[]): string {
  return `channel:${layer}:${channels.join(",")}`;
}
