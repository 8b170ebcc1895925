/** `layer`: the mean of squares of a whole layer (DeepDream). */
import { distancePasses } from "./distance.ts";
import { coversAll, type OverPositions, type SubjectKind, wholeActivation } from "./kind.ts";
import { meanPasses } from "./mean.ts";
import { wholeLayer } from "./text.ts";

export interface LayerTerm extends OverPositions {
  readonly kind: "layer";
}

const FORM = "layer:LAYER";

export const layer: SubjectKind<LayerTerm> = {
  forms: [{ written: [FORM], says: "mean of squares of a whole layer (DeepDream)" }],
  spellings: { layer: wholeLayer("layer", FORM) },
  format: (term) => layerSpec(term.layer),
  ...wholeActivation,
  photo: false,
  passes(context) {
    const { term, shape, memory } = context;
    const count = shape.channels * shape.height * shape.width;
    if (coversAll(term)) return meanPasses(context, "squares", { offset: 0, count });
    return distancePasses(context, 1, { buffer: memory.table("zero", new Float32Array(1)), length: 1 });
  },
  subject: {
    make: (layer) => ({ kind: "layer", weight: 1, layer }),
    title: (term) => term.layer,
    place: () => "the whole layer",
  },
};

/** The text of a layer's mean of squares. */
export function layerSpec(layer: string): string {
  return `layer:${layer}`;
}
