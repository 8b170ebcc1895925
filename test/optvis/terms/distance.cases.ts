/** Inversion and layers: value and gradient against the float64 twins. */
import { PARTIALS } from "../../../src/optvis/reduce.ts";
import type { InversionTerm } from "../../../src/optvis/terms/invert.ts";
import type { LayerTerm } from "../../../src/optvis/terms/layer.ts";
import { countOf } from "../../reference/positions.ts";
import * as twin from "../../reference/twins.ts";
import type { GpuCase } from "../../stacks/case.ts";
import { absolute } from "../../support/compare.ts";
import { kernelCase, type Proof } from "../../support/execute.ts";
import { activation, type Placed, positionsOf, termProof } from "../../support/placed.ts";

const MAP = { channels: 5, height: 3, width: 7 };
const LARGE = { channels: 3, height: 9, width: 15 };
/** The output of a linear layer. */
const UNITS = { channels: 10, height: 1, width: 1 };
const on = { weight: 1, layer: "a" } as const;

const DISTANCES: readonly Placed<InversionTerm | LayerTerm>[] = [
  { term: { ...on, kind: "invert" }, batch: 1, shape: UNITS, index: 0 },
  { term: { ...on, weight: 3, kind: "invert", images: [1] }, batch: 3, shape: MAP, index: 1 },
  { term: { ...on, kind: "invert" }, batch: 2, shape: { channels: 7, height: 30, width: 41 }, index: 0 },
  { term: { ...on, weight: 0.7, kind: "layer", images: [0, 2] }, batch: 3, shape: MAP, index: 0 },
  { term: { ...on, kind: "layer", border: 1 }, batch: 2, shape: MAP, index: 1 },
  { term: { ...on, kind: "invert", border: 4 }, batch: 2, shape: LARGE, index: 0 },
];

function distance(placed: Placed<InversionTerm | LayerTerm>): Proof {
  const { term, batch, shape } = placed;
  const a = activation(1, batch, shape);
  const stride = a.data.length / batch;
  const positions = positionsOf(placed);
  const count = shape.channels * countOf(positions);
  const goal = term.kind === "invert" ? activation(2, 1, shape).data : new Float64Array(1);
  const factor = (term.kind === "invert" ? -1 : 1) / count;
  const gain = (n: number): number => ((term.images?.includes(n) ?? true) ? 1 : 0);
  const negative = goal.map((t) => -Math.abs(t));
  const gradient = twin.distance_backward(a, goal, positions);
  return termProof(
    placed,
    a,
    { "a.target": Float32Array.from(goal) },
    {
      value: twin.distance_forward(a, goal, positions).map((x, n) => gain(n) * factor * x),
      valueBound: twin.distance_forward(absolute(a), negative, positions).map((x) => x / count),
      gradient: {
        shape: a.shape,
        data: gradient.data.map((x, i) => gain(Math.floor(i / stride)) * factor * x),
      },
      gradientBound: twin.distance_backward(absolute(a), negative, positions).data.map((x) => x / count),
      depths: [4 + Math.ceil(count / 4096) * 2 + 6 + PARTIALS + 4, 6],
    },
  );
}

export const cases: readonly GpuCase[] = [
  kernelCase(
    ["distance_forward", "distance_backward"],
    "from a photograph, and from zero",
    DISTANCES,
    distance,
  ),
];
