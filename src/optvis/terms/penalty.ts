/** What penalties on the images u = colours − mean, (N,C,H,W), have in common; formulas in shaders/penalty.wgsl. */
import { fold } from "../../gpu/dispatch.ts";
import { coloursOf, ofColours, vectorOf } from "../../nn/preprocess.ts";
import { PARTIALS } from "../reduce.ts";
import { type TermContext, weighted } from "./context.ts";
import { IMAGE_LAYER, type TermData } from "./kind.ts";
import { allParts, expectParts, numberOf, type TermText } from "./text.ts";

/** A penalty on the image itself, which is subtracted. */
export interface Penalty extends TermData {
  readonly layer: typeof IMAGE_LAYER;
  /** Of `l1` and `l2` the value that pixels are drawn to, of `blur` σ in pixels. */
  readonly amount: number;
}

/** What a term is that reads the colours of every image. */
export const onColours = {
  reads: "colours",
  photo: false,
  batch: "same",
  channels: "all",
  border: false,
  positions: "all",
} as const;

/** The reader of `KIND` and `KIND:NUMBER`. @param usual the amount where none is said */
export function penaltyText<Kind extends string>(
  kind: Kind,
  form: string,
  usual: number,
  bounds: { readonly least?: number; readonly most?: number } = {},
) {
  return (given: TermText) => {
    const parts = allParts(given);
    expectParts(given, form, [0, 1], parts);
    const [amount] = parts;
    return {
      kind,
      layer: IMAGE_LAYER,
      amount: amount === undefined ? usual : numberOf(given, amount, "a number", bounds),
    } as const;
  };
}

export function formatPenalty({ kind, amount }: Penalty, usual: number): string {
  return amount === usual ? kind : `${kind}:${amount}`;
}

/** The dispatch options of the kernels that add up the value, and of those that handle each element of the gradient. */
export function penaltyOptions(context: TermContext<Penalty>) {
  const { term, index, batch, shape, mean } = context;
  const { height, width } = shape;
  const { value: scale, live } = weighted(context, 1);
  const uniform = { batch, height, width, slot: index, scale, toward: term.amount, mean: vectorOf(mean) };
  const colours = ofColours(coloursOf(mean));
  const label = `${term.kind} penalty`;
  return {
    sums: { ...colours, label: `${label} forward`, uniform, live, workgroups: [PARTIALS, batch, 1] as const },
    each: {
      ...{ ...colours, label: `${label} backward`, uniform, live },
      workgroups: fold(mean.length * batch * height * width),
    },
  };
}
