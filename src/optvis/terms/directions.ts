/** Every image of a batch has its own direction over all channels. Methods make these terms; they have no text. */
import { InputError } from "../../errors.ts";
import { vectorPasses } from "./along.ts";
import type { OverPositions, TermKind } from "./kind.ts";
import { withinBorder } from "./rectangle.ts";

export interface DirectionsTerm extends OverPositions {
  readonly kind: "directions";
  /** Image n has the n-th, round and round; one number a channel. */
  readonly directions: readonly Float32Array[];
  readonly power: number;
}

export const directions: TermKind<DirectionsTerm> = {
  forms: [],
  spellings: {},
  format() {
    throw new InputError("a direction of its own for every image has no text", {
      remedy: "write one direction:LAYER:I=X,… for each image",
    });
  },
  reads: "layer",
  photo: false,
  batch: (term) => term.directions.length,
  channels: "all",
  border: true,
  positions: "all",
  gradientReads: () => "activation",
  passes(context) {
    const { term, shape } = context;
    const along = { power: term.power, positions: withinBorder(shape, term.border) };
    return vectorPasses(context, along, (vector, n) =>
      vector.set(term.directions[n % term.directions.length] as Float32Array),
    );
  },
};
