/** Alignment: value and gradient against the float64 twins. */
import { PARTIALS } from "../../../src/optvis/reduce.ts";
import type { AlignmentTerm } from "../../../src/optvis/terms/align.ts";
import * as twin from "../../reference/twins.ts";
import type { GpuCase } from "../../stacks/case.ts";
import { DIVISION } from "../../support/compare.ts";
import { kernelCase, type Proof } from "../../support/execute.ts";
import { activation, type Placed, termProof } from "../../support/placed.ts";

const MAP = { channels: 5, height: 3, width: 7 };
const LARGE = { channels: 3, height: 9, width: 15 };
/** The output of a linear layer. */
const UNITS = { channels: 10, height: 1, width: 1 };
const on = { weight: 1, layer: "a" } as const;

const ALIGNED: readonly Placed<AlignmentTerm>[] = [
  { term: { ...on, kind: "align", decay: 2 }, batch: 1, shape: UNITS, index: 0 },
  { term: { ...on, kind: "align", decay: 2 }, batch: 2, shape: MAP, index: 1 },
  { term: { ...on, weight: 0.3, kind: "align", decay: 3 }, batch: 7, shape: LARGE, index: 0 },
];

function aligned(placed: Placed<AlignmentTerm>): Proof {
  const { term, batch, shape } = placed;
  const a = activation(1, batch, shape);
  const count = a.data.length / batch;
  const gradient = twin.alignment_backward(a, term.decay);
  return termProof(
    placed,
    a,
    {},
    {
      value: twin.alignment_forward(a, term.decay).map((x) => -x / count),
      // Every number is within 1 of 0, so a difference within 2 of it; at most 8 neighbours, 1/decay at most each.
      valueBound: new Float64Array(batch).fill((8 * 4) / 2 / term.decay),
      gradient: { shape: a.shape, data: gradient.data.map((x) => -x / count) },
      gradientBound: new Float64Array(a.data.length).fill((2 * 8 * 2) / term.decay / count),
      depths: [8 * 2 + 4 * DIVISION + 2 + 6 + PARTIALS + 4, 8 * 2 + 4 * DIVISION + 4],
    },
  );
}

export const cases: readonly GpuCase[] = [
  kernelCase(
    ["alignment_forward", "alignment_backward"],
    "one image, two, and more than reach",
    ALIGNED,
    aligned,
  ),
];
