/** `alpha`: the mean opacity of the image's alpha channel, to be subtracted. */
import { channel } from "./channel.ts";
import { IMAGE_LAYER, type TermData, type TermKind } from "./kind.ts";
import { allParts, expectParts, type TermText } from "./text.ts";

export interface AlphaTerm extends TermData {
  readonly kind: "alpha";
  readonly layer: typeof IMAGE_LAYER;
}

export const alpha: TermKind<AlphaTerm> = {
  forms: [{ written: ["alpha"], says: "penalty: mean opacity of images with an alpha channel" }],
  spellings: { alpha: parse },
  format: () => "alpha",
  reads: "opacity",
  photo: false,
  batch: "same",
  channels: "all",
  border: false,
  positions: "all",
  gradientReads: () => "activation",
  /** The opacity is a layer of one channel, of which the mean is taken. */
  passes(context) {
    return channel.passes({ ...context, term: { ...context.term, kind: "channel", channel: 0 } });
  },
};

function parse(given: TermText) {
  expectParts(given, "alpha", [0, 0], allParts(given));
  return { kind: "alpha", layer: IMAGE_LAYER } as const;
}
