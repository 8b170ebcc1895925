/**
 * The terms of an objective on the GPU: the value (partial sums) on the way forward, and the seed of the
 * gradient on the way back.
 */
import { isPlain, type LayeredTerm, type Term } from "../term.ts";
import { alignmentPasses } from "./alignment.ts";
import type { TermContext, TermPasses } from "./context.ts";
import { caricaturePasses, directionPasses } from "./direction.ts";
import { inversionPasses, layerPasses } from "./distance.ts";
import { diversityPasses, stylePasses } from "./gram.ts";
import { meanPasses } from "./mean.ts";

export { type Capture, type TermPasses, weightKey } from "./context.ts";

/** The kernels of a term that reads a layer. */
export function termPasses(place: TermContext<LayeredTerm>): TermPasses {
  const at = <T extends Term>(term: T): TermContext<T> => ({ ...place, term });
  const { term } = place;
  switch (term.kind) {
    case "channel":
    case "neuron":
      return isPlain(term) ? meanPasses(at(term)) : directionPasses(at(term));
    case "layer":
      return isPlain(term) ? meanPasses(at(term)) : layerPasses(at(term));
    case "channels":
    case "direction":
    case "directions":
    case "interpolate":
      return directionPasses(at(term));
    case "caricature":
      return caricaturePasses(at(term));
    case "invert":
      return inversionPasses(at(term));
    case "style":
      return stylePasses(at(term));
    case "align":
      return alignmentPasses(at(term));
    case "diversity":
      return diversityPasses(at(term));
  }
}
