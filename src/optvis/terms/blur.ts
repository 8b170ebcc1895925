/** `blur`: ½ Σ (x − its Gaussian blur)², x the image's RGB (Lucid); formulas in shaders/penalty.wgsl. */
import { blur_columns, blur_rows } from "../../../shaders/blur.wgsl";
import { penalty_residual, residual_backward, residual_forward } from "../../../shaders/penalty.wgsl";
import { type BufferRef, type Dispatch, dispatch, fold } from "../../gpu/dispatch.ts";
import { gains, type TermContext, type TermPasses } from "./context.ts";
import type { TermKind } from "./kind.ts";
import { formatPenalty, onColours, type Penalty, penaltyOptions, penaltyText } from "./penalty.ts";

export interface BlurTerm extends Penalty {
  readonly kind: "blur";
}

const FORM = "blur[:SIGMA]";
const SIGMA = 1;

export const blur: TermKind<BlurTerm> = {
  forms: [
    {
      written: [FORM],
      says: `penalty: half the squared distance of the image from its blur of SIGMA pixels (${SIGMA})`,
    },
  ],
  spellings: { blur: penaltyText("blur", FORM, SIGMA, { least: 0.1, most: 64 }) },
  format: (term) => formatPenalty(term, SIGMA),
  ...onColours,
  gradientReads: () => "forward",
  passes,
};

function passes(context: TermContext<BlurTerm>): TermPasses {
  const { batch, shape, memory, index } = context;
  const { sums, each } = penaltyOptions(context);
  const { live: _, ...steady } = each;
  const bytes = 4 * shape.channels * batch * shape.height * shape.width;
  const [rows, blurred, residual] = ["rows", "blurred", "residual"].map((name) =>
    memory.buffer(`term${index}.${name}`, "workspace", bytes),
  ) as [string, string, string];
  const shared = { residuals: residual, gains: gains(context) };
  return {
    forward: ({ activation: image, partials }) => [
      ...blurOf(context, image, rows, blurred),
      dispatch(penalty_residual, { ...steady, buffers: { image, blurred, residual } }),
      dispatch(residual_forward, { ...sums, buffers: { ...shared, partials } }),
    ],
    backward: (_, { gradient }) => [
      ...blurOf(context, residual, rows, blurred),
      dispatch(residual_backward, { ...each, buffers: { ...shared, blurred, gradient } }),
    ],
  };
}

function blurOf(
  { term, batch, shape }: TermContext<BlurTerm>,
  input: BufferRef,
  rows: string,
  output: string,
): Dispatch[] {
  const { channels, height, width } = shape;
  const uniform = { planes: channels * batch, height, width, sigma: term.amount };
  const workgroups = fold(channels * batch * height * width);
  return [
    dispatch(blur_rows, { label: "penalty rows", buffers: { input, output: rows }, uniform, workgroups }),
    dispatch(blur_columns, {
      label: "penalty columns",
      buffers: { input: rows, output },
      uniform,
      workgroups,
    }),
  ];
}
