import type { Preprocess, Shape } from "../../../src/model/network.ts";
import { preprocessing } from "../../../src/model/preprocess.ts";
import { PARTIALS, partialsBytes, reduceTotal } from "../../../src/optvis/reduce.ts";
import { type Decay, l2Backward, l2Forward } from "../../../src/optvis/regularizers.ts";
import type { PlainTerm } from "../../../src/optvis/term.ts";
import type { LayerTerm } from "../../../src/optvis/terms/layer.ts";
import { termPasses } from "../../../src/optvis/terms/registry.ts";
import { termValue } from "../../reference/objective.ts";
import { type Shape4, sizeOf, tensor } from "../../reference/tensor.ts";
import * as twin from "../../reference/twins.ts";
import type { GpuCase } from "../../stacks/case.ts";
import { absolute, absoluteOf, expectExact, expectWithin, noise, roundings } from "../../support/compare.ts";
import { kernelCase, type Proof } from "../../support/execute.ts";
import { ProofMemory } from "../../support/placed.ts";

interface Placed {
  readonly term: PlainTerm;
  readonly batch: number;
  readonly shape: Shape;
  /** Place of the term in its objective. */
  readonly index: number;
}

const MAP: Shape = { channels: 5, height: 3, width: 7 };
const EVEN: Shape = { channels: 2, height: 8, width: 4 };
/** The output of a linear layer. */
const UNITS: Shape = { channels: 10, height: 1, width: 1 };

const TERMS: readonly Placed[] = [
  { term: { kind: "channel", weight: 1, layer: "a", channel: 0 }, batch: 1, shape: MAP, index: 0 },
  { term: { kind: "channel", weight: -0.5, layer: "a", channel: 4 }, batch: 3, shape: MAP, index: 1 },
  { term: { kind: "channel", weight: 2, layer: "a", channel: 9 }, batch: 2, shape: UNITS, index: 0 },
  { term: { kind: "neuron", weight: 3, layer: "a", channel: 2 }, batch: 2, shape: MAP, index: 2 },
  { term: { kind: "neuron", weight: 1, layer: "a", channel: 1 }, batch: 1, shape: EVEN, index: 0 },
  {
    term: { kind: "neuron", weight: -1, layer: "a", channel: 0, position: [0, 0] },
    batch: 2,
    shape: MAP,
    index: 0,
  },
  {
    term: { kind: "neuron", weight: 1, layer: "a", channel: 4, position: [2, 6] },
    batch: 2,
    shape: MAP,
    index: 1,
  },
  { term: { kind: "neuron", weight: 1, layer: "a", channel: 0 }, batch: 2, shape: UNITS, index: 0 },
  { term: { kind: "layer", weight: 0.7, layer: "a" }, batch: 2, shape: MAP, index: 0 },
  { term: { kind: "layer", weight: -2, layer: "a" }, batch: 1, shape: UNITS, index: 1 },
];

function objective({ term, batch, shape, index }: Placed): Proof {
  const full: Shape4 = [batch, shape.channels, shape.height, shape.width];
  const a = tensor(full, noise(1, sizeOf(full)));
  const before = noise(2, sizeOf(full));
  const total = { batch, firstSlot: index, slots: 1, ring: 1 };
  const { forward, backward } = termPasses({
    term,
    index,
    batch,
    shape,
    mean: [],
    memory: new ProofMemory(),
  });
  return {
    buffers: {
      a: Float32Array.from(a.data),
      partials: partialsBytes(batch, index + 1),
      state: new Uint32Array(4),
      value: 4 * batch,
      seed: 4 * sizeOf(full),
      added: before,
    },
    dispatches: [
      ...forward({ activation: "a", partials: "partials" }),
      reduceTotal("value", total, { finished: "partials", state: "state", totals: "value" }),
      ...backward(false, { activation: "a", gradient: "seed" }),
      ...backward(true, { activation: "a", gradient: "added" }),
    ],
    check(read) {
      const value = termValue(term, a).map((unweighted) => term.weight * unweighted);
      const bound = termValue(term, absolute(a)).map((unweighted) => Math.abs(term.weight) * unweighted);
      // At most 105 elements: a product, one sum, a tree of 64, 64 partial sums, the scale and its rounding.
      expectWithin("value", read.f32("value"), value, bound, roundings(1 + 1 + 6 + PARTIALS + 2));
      const seed = twin.seed_activation(term, a).data;
      expectWithin("seed", read.f32("seed"), seed, seed, roundings(2));
      const added = before.map((value, i) => value + seed[i]!);
      const addedBound = before.map((value, i) => Math.abs(value) + Math.abs(seed[i]!));
      expectWithin("added seed", read.f32("added"), added, addedBound, roundings(3));
    },
  };
}

interface Decayed extends Decay {
  readonly kind: Preprocess;
}

const DECAYED: readonly Decayed[] = [
  { kind: "unit", batch: 1, area: 1, l2: 1, slot: 0 },
  { kind: "caffe", batch: 2, area: 21, l2: 1e-3, slot: 1 },
  { kind: "imagenet", batch: 3, area: 35, l2: 0.25, slot: 0 },
  // More elements than the 4096 invocations that add them up.
  { kind: "imagenet", batch: 1, area: 1369, l2: 0.5, slot: 0 },
  { kind: "imagenet", batch: 1, area: 4, l2: 0, slot: 0 },
  { kind: "mean=0.5;std=0.5", batch: 2, area: 1369, l2: 0.25, slot: 1 },
];

function decay({ kind, ...decayed }: Decayed): Proof {
  const { batch, area, l2, slot } = decayed;
  const shape: Shape4 = [batch, preprocessing(kind).mean.length, 1, area];
  const u = tensor(shape, noise(1, sizeOf(shape)));
  const before = noise(2, sizeOf(shape));
  const total = { batch, firstSlot: slot, slots: 1, ring: 1 };
  return {
    buffers: {
      image: Float32Array.from(u.data),
      gradient: before,
      partials: partialsBytes(batch, slot + 1),
      state: new Uint32Array(4),
      value: 4 * batch,
    },
    dispatches: [
      l2Forward(decayed, preprocessing(kind), { image: "image", partials: "partials" }),
      reduceTotal("value", total, { finished: "partials", state: "state", totals: "value" }),
      l2Backward(decayed, preprocessing(kind), { image: "image", gradient: "gradient" }),
    ],
    check(read) {
      const net = twin.preprocess_forward(u, kind);
      const value = twin.l2_forward(net, l2);
      // The scale's rounding and the product, twice; the square; ⌈3·area/4096⌋ sums, a tree, 64 partial
      // sums; l2's rounding and its product.
      const depth = 4 + 1 + Math.ceil((3 * area) / 4096) + 6 + PARTIALS + 2;
      expectWithin("value", read.f32("value"), value, value, roundings(depth));
      const seed = twin.preprocess_backward(twin.l2_backward(net, l2), kind).data;
      const gradient = before.map((value, i) => value + seed[i]!);
      const bound = absoluteOf(seed).map((value, i) => value + Math.abs(before[i]!));
      expectWithin("gradient", read.f32("gradient"), gradient, bound, roundings(2 + 1 + 4 + 1));
      if (l2 === 0) expectExact("gradient", read.f32("gradient"), before);
    },
  };
}

export const cases: readonly GpuCase[] = [
  kernelCase(
    ["reduce_partials", "seed_constant", "seed_activation"],
    "value and gradient of every kind of term",
    TERMS,
    objective,
  ),
  kernelCase(["l2_forward", "l2_backward"], "of the network's input, on the resident image", DECAYED, decay),
  kernelCase(
    ["seed_activation"],
    "more workgroups than a dimension takes",
    [{ channels: 1, height: 65_537, width: 64 }],
    manyElements,
  ),
];

/** 65,537 workgroups of 64; halves of multiples of 2⁻²³ are exact. */
function manyElements(shape: Shape): Proof {
  const count = shape.height * shape.width;
  const a = noise(1, count);
  const term: LayerTerm = { kind: "layer", weight: count / 4, layer: "a" };
  const memory = new ProofMemory();
  return {
    buffers: { a, gradient: a.byteLength },
    dispatches: termPasses({ term, index: 0, batch: 1, shape, mean: [], memory }).backward(false, {
      activation: "a",
      gradient: "gradient",
    }),
    check: (read) =>
      expectExact(
        "gradient",
        read.f32("gradient"),
        a.map((value) => value / 2),
      ),
  };
}
