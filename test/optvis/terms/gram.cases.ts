/** Style and diversity, step by step and as terms, against the float64 twins. */

import { PARTIALS } from "../../../src/optvis/reduce.ts";
import type { DiversityTerm } from "../../../src/optvis/terms/diversity.ts";
import type { StyleTerm } from "../../../src/optvis/terms/style.ts";
import { gramNorms } from "../../reference/gram.ts";
import { type Tensor, tensor } from "../../reference/tensor.ts";
import * as twin from "../../reference/twins.ts";
import type { GpuCase } from "../../stacks/case.ts";
import { absolute, absoluteOf, DIVISION, expectWithin, roundings } from "../../support/compare.ts";
import { kernelCase, type Proof } from "../../support/execute.ts";
import { activation, type Placed, termProof } from "../../support/placed.ts";

const MAP = { channels: 5, height: 3, width: 7 };
const WIDE = { channels: 67, height: 2, width: 3 };
const UNITS = { channels: 10, height: 1, width: 1 };
const on = { weight: 1, layer: "a" } as const;

const STYLES: readonly Placed<StyleTerm>[] = [
  { term: { ...on, kind: "style" }, batch: 1, shape: MAP, index: 0 },
  { term: { ...on, weight: 3, kind: "style", images: [1] }, batch: 2, shape: MAP, index: 1 },
  { term: { ...on, kind: "style" }, batch: 1, shape: WIDE, index: 0 },
  { term: { ...on, kind: "style" }, batch: 3, shape: UNITS, index: 0 },
];

function style(placed: Placed<StyleTerm>): Proof {
  const { term, batch, shape, index } = placed;
  const area = shape.height * shape.width;
  const a = activation(1, batch, shape);
  const other = activation(2, 1, shape);
  const goal = twin.gram_forward(other).data;
  const count = goal.length;
  const gains = Array.from({ length: batch }, (_, n) => ((term.images?.includes(n) ?? true) ? 1 : 0));
  const g = twin.gram_forward(a);
  const gBound = twin.gram_forward(absolute(a));
  const d = twin.gram_difference(g, goal, gains);
  const dBound = twin.gram_difference(
    gBound,
    absoluteOf(goal).map((t) => -t),
    gains,
  );
  const squares = (x: Tensor) => twin.distance_forward(x, new Float64Array(1)).map((sum) => sum / count);
  const gradient = twin.gram_backward(d, a);
  const factor = 4 / (count * area);
  const matrix = 2 * area + DIVISION + 1;
  const proof = termProof(
    placed,
    a,
    { [`term${index}.target`]: Float32Array.from(goal) },
    {
      value: squares(d).map((x) => -x),
      valueBound: squares(dBound),
      gradient: { shape: a.shape, data: gradient.data.map((x) => -factor * x) },
      gradientBound: twin.gram_backward(dBound, absolute(a)).data.map((x) => factor * x),
      depths: [2 * matrix + 2 * Math.ceil(count / 4096) + 8 + PARTIALS + 4, matrix + 2 * shape.channels + 4],
    },
  );
  return {
    ...proof,
    check(read) {
      expectWithin("Gram matrices", read.f32(`term${index}.gram`), g.data, gBound.data, roundings(matrix));
      proof.check(read);
    },
  };
}

const DIVERSE: readonly Placed<DiversityTerm>[] = [
  { term: { ...on, kind: "diversity" }, batch: 1, shape: MAP, index: 0 },
  { term: { ...on, weight: -2, kind: "diversity" }, batch: 3, shape: MAP, index: 1 },
  { term: { ...on, kind: "diversity" }, batch: 2, shape: WIDE, index: 0 },
  { term: { ...on, kind: "diversity" }, batch: 5, shape: UNITS, index: 0 },
];

/** Of activations that are not negative, as behind a ReLU: then every sum but the last has one sign. */
function diversity(placed: Placed<DiversityTerm>): Proof {
  const { batch, shape } = placed;
  const area = shape.height * shape.width;
  const a = absolute(activation(1, batch, shape));
  const g = twin.gram_forward(a);
  const normalized = twin.gram_normalize(g);
  const norms = gramNorms(g);
  const count = shape.channels ** 2;
  const likeness = twin.diversity_forward(normalized);
  const difference = twin.diversity_difference(normalized, norms);
  // |S − Ĝq|/‖G‖ ≤ (S + Ĝq)/‖G‖.
  const differenceBound: Tensor = {
    shape: g.shape,
    data: difference.data.map((x, i) => {
      const n = Math.floor(i / count);
      return Math.abs(x) + (2 * normalized.data[i]! * likeness[n]!) / norms[n]!;
    }),
  };
  const factor = 4 / (batch * area);
  const matrix = 2 * area + DIVISION + 1;
  // The norm is a root of a sum of squares: half its relative error, doubled by the squares.
  const unit = 2 * matrix + 2 * Math.ceil(count / 64) + 6 + 2 * DIVISION;
  const value = 2 * unit + batch + 2 * Math.ceil(count / 64) + 8;
  return termProof(
    placed,
    a,
    {},
    {
      value: likeness.map((x) => -x / batch),
      valueBound: likeness.map((x) => x / batch),
      gradient: { shape: a.shape, data: twin.gram_backward(difference, a).data.map((x) => -factor * x) },
      gradientBound: twin.gram_backward(differenceBound, a).data.map((x) => factor * x),
      depths: [value + PARTIALS + 4, value + unit + 2 * shape.channels + 2 * DIVISION + 6],
    },
  );
}

/** A wholly dead image: its matrix is zero, and stays so. */
function dead(batch: number): Proof {
  const a = tensor([batch, 5, 3, 7], new Float64Array(batch * 105));
  const zero = { shape: a.shape, data: new Float64Array(a.data.length) };
  return termProof(
    { term: { ...on, kind: "diversity" }, batch, shape: MAP, index: 0 },
    a,
    {},
    {
      value: new Float64Array(batch),
      valueBound: new Float64Array(batch),
      gradient: zero,
      gradientBound: zero.data,
      depths: [1, 1],
    },
  );
}

export const cases: readonly GpuCase[] = [
  kernelCase(
    ["gram_forward", "gram_difference", "gram_backward"],
    "style, of some images or all",
    STYLES,
    style,
  ),
  kernelCase(
    ["gram_normalize", "diversity_forward", "diversity_difference"],
    "one image, several, more channels than a workgroup",
    DIVERSE,
    diversity,
  ),
  kernelCase(["gram_normalize", "diversity_difference"], "images without activation", [2], dead),
];
