/** `channel`: the mean of one channel over its positions. */
import { add, vectorPasses } from "./along.ts";
import { channelSpec } from "./channels.ts";
import { coversAll, type OverPositions, type SubjectKind } from "./kind.ts";
import { meanPasses } from "./mean.ts";
import { withinBorder } from "./rectangle.ts";
import { channelList, expectParts, type TermText } from "./text.ts";

export interface ChannelTerm extends OverPositions {
  readonly kind: "channel";
  readonly channel: number;
}

const FORM = "channel:LAYER:I";

export const channel: SubjectKind<ChannelTerm> = {
  forms: [{ written: [FORM], says: "mean of a channel over its positions; of a linear layer one unit" }],
  spellings: { channel: parse },
  format: (term) => channelSpec(term.layer, term.channel),
  reads: "layer",
  photo: false,
  batch: "same",
  channels: {
    of: (term) => [term.channel],
    among: (term, at) => ({ ...term, channel: at(term.channel) }),
  },
  border: true,
  positions: "all",
  gradientReads: (term) => (coversAll(term) ? "nothing" : "activation"),
  passes(context) {
    const { term, shape } = context;
    const count = shape.height * shape.width;
    if (coversAll(term)) return meanPasses(context, "sum", { offset: term.channel * count, count });
    const positions = withinBorder(shape, term.border);
    return vectorPasses(context, { positions }, (vector) => add(vector, term.channel, 1));
  },
  subject: {
    make: (layer, channel) => ({ kind: "channel", weight: 1, layer, channel }),
    title: (term) => `Channel ${term.channel}`,
    place: (term, channels) => `of ${channels} in ${term.layer}`,
  },
};

/** One channel, or a list: then every image has its own. */
function parse(given: TermText) {
  expectParts(given, FORM, [1, 1]);
  const { layer } = given;
  const list = channelList(given, given.parts[0] ?? "");
  const [only, ...more] = list;
  if (only === undefined || more.length > 0) return { kind: "channels", layer, channels: list } as const;
  return { kind: "channel", layer, channel: only } as const;
}
