/** Directions and caricatures: value and gradient against the float64 twins. */
import { PARTIALS } from "../../../src/optvis/reduce.ts";
import type { CaricatureTerm } from "../../../src/optvis/terms/caricature.ts";
import type { Term } from "../../../src/optvis/terms/registry.ts";
import type { Direction } from "../../reference/direction.ts";
import { countOf, isInside, type Positions } from "../../reference/positions.ts";
import { type Tensor, zeros } from "../../reference/tensor.ts";
import * as twin from "../../reference/twins.ts";
import type { GpuCase } from "../../stacks/case.ts";
import { DIVISION, noise } from "../../support/compare.ts";
import { kernelCase, type Proof } from "../../support/execute.ts";
import { activation, type Placed, positionsOf, termProof } from "../../support/placed.ts";

const MAP = { channels: 5, height: 3, width: 7 };
const LARGE = { channels: 3, height: 9, width: 15 };
/** The output of a linear layer. */
const UNITS = { channels: 10, height: 1, width: 1 };
const on = { weight: 1, layer: "a" } as const;

/** With the direction of image n, one number a channel, written out here. */
interface Directed extends Placed<Term> {
  readonly vector: (n: number) => readonly number[];
  readonly power?: number;
  readonly position?: readonly [y: number, x: number];
}

const unit = (channel: number, count: number) =>
  Array.from({ length: count }, (_, c) => (c === channel ? 1 : 0));

const DIRECTED: readonly Directed[] = [
  {
    term: { ...on, kind: "channels", channels: [4, 0, 2] },
    batch: 5,
    shape: MAP,
    index: 0,
    vector: (n) => unit([4, 0, 2][n % 3]!, 5),
  },
  {
    term: { ...on, kind: "channel", channel: 1, images: [1, 2] },
    batch: 3,
    shape: MAP,
    index: 1,
    vector: (n) => unit(n > 0 ? 1 : 9, 5),
  },
  {
    term: { ...on, weight: -2, kind: "neuron", channel: 3, images: [0] },
    batch: 2,
    shape: MAP,
    index: 0,
    vector: (n) => unit(n === 0 ? 3 : 9, 5),
    position: [1, 3],
  },
  {
    term: { ...on, kind: "interpolate", from: 0, to: 3 },
    batch: 4,
    shape: MAP,
    index: 0,
    vector: (n) => [1 - n / 3, 0, 0, n / 3, 0],
  },
  {
    term: { ...on, kind: "interpolate", from: 2, to: 3 },
    batch: 1,
    shape: UNITS,
    index: 0,
    vector: () => unit(2, 10),
  },
  ...[0, 1, 2, 3].map((power) => ({
    term: {
      ...on,
      weight: 0.5,
      kind: "direction",
      direction: [
        [0, 1],
        [2, -0.5],
        [0, 1],
      ],
      power,
    } as const,
    batch: 2,
    shape: power === 1 ? LARGE : MAP,
    index: power,
    vector: () => (power === 1 ? [2, 0, -0.5] : [2, 0, -0.5, 0, 0]),
    power,
  })),
  {
    term: { ...on, kind: "direction", direction: [[1, 3]], power: 2, position: [2, 6] },
    batch: 2,
    shape: MAP,
    index: 0,
    vector: () => [0, 3, 0, 0, 0],
    power: 2,
    position: [2, 6],
  },
  // Borders: one that leaves a row, one that leaves a position, and one of images of their own.
  {
    term: { ...on, weight: 3, kind: "channel", channel: 2, border: 1 },
    batch: 2,
    shape: MAP,
    index: 1,
    vector: () => unit(2, 5),
  },
  {
    term: { ...on, kind: "channels", channels: [1, 0], border: 4, images: [0, 1] },
    batch: 3,
    shape: { channels: 2, height: 9, width: 9 },
    index: 0,
    vector: (n) => unit(1 - (n % 2), 2),
  },
  {
    term: { ...on, kind: "direction", direction: [[0, 2]], power: 2, border: 3 },
    batch: 2,
    shape: LARGE,
    index: 0,
    vector: () => [2, 0, 0],
    power: 2,
  },
  // A power that is not whole; the floor is half-way up.
  {
    term: { ...on, kind: "directions", directions: [noise(5, 10), noise(6, 10)], power: 1.5 },
    batch: 3,
    shape: UNITS,
    index: 0,
    vector: (n) => [...noise(n === 1 ? 6 : 5, 10)],
    power: 1.5,
  },
];

/** The vectors spread over all positions. */
function spread({ vector, batch, shape }: Directed): Tensor {
  const { channels, height, width } = shape;
  const area = height * width;
  const v = zeros([batch, channels, height, width]);
  for (let n = 0; n < batch; n++) {
    for (let c = 0; c < channels; c++)
      v.data.fill(vector(n)[c]!, (n * channels + c) * area, (n * channels + c + 1) * area);
  }
  return v;
}

/** log2 errs by 2⁻²¹ and exp2 by 3 + 2|x| ULP; the whole powers to 2 are products. */
function powerError(power: number): number {
  if (power <= 2 && Number.isInteger(power)) return 0;
  const largest = power * Math.log2(10);
  return Math.LN2 * power * 3 * 2 ** -21 + (3 + 2 * largest) * 2 ** -23;
}

function directed(placed: Directed): Proof {
  const { shape, batch, power = 0, position } = placed;
  const [y, x] = position ?? [];
  const positions: Positions =
    y !== undefined && x !== undefined ? { rows: [y, y + 1], columns: [x, x + 1] } : positionsOf(placed);
  const direction = { v: spread(placed), power, floor: 0.1, positions };
  return alongProof(placed, activation(1, batch, shape), direction, {});
}

function alongProof(
  placed: Placed<Term>,
  a: Tensor,
  direction: Direction,
  contents: Readonly<Record<string, Float32Array>>,
): Proof {
  const { power } = direction;
  const count = countOf(direction.positions);
  const { channels } = placed.shape;
  const gains = { images: placed.term.images };
  const scale = (xs: Float64Array) => xs.map((x) => x / count);
  const masked = (xs: Float64Array) =>
    xs.map((x, i) => ((gains.images?.includes(Math.floor((i * placed.batch) / xs.length)) ?? true) ? x : 0));
  const gradient = twin.direction_backward(a, direction);
  const { value, gradient: bound } = bounds(a, direction);
  // A dot of C products, two roots of such sums, three quotients and products, and the power of the cosine.
  const each = (1 + power) * (2 * channels + 3 * DIVISION + 8);
  return termProof(placed, a, contents, {
    value: masked(scale(twin.direction_forward(a, direction))),
    valueBound: scale(value),
    gradient: { shape: a.shape, data: masked(scale(gradient.data)) },
    gradientBound: scale(bound),
    depths: [each + Math.ceil(count / 4096) + 6 + PARTIALS + 4, each + 6],
    extra: powerError(power),
  });
}

/** The twins with every product's absolute value, and the cosine that belongs to it. */
function bounds(a: Tensor, { v, power, floor, positions }: Direction) {
  const [batch, channels, height, width] = a.shape;
  const area = height * width;
  const value = new Float64Array(batch);
  const gradient = new Float64Array(a.data.length);
  for (let n = 0; n < batch; n++) {
    for (let p = 0; p < area; p++) {
      if (!isInside(p, width, positions)) continue;
      const at = (c: number): number => (n * channels + c) * area + p;
      let [dot, squares, length] = [0, 1e-6, 1e-6];
      for (let c = 0; c < channels; c++) {
        dot += Math.abs(a.data[at(c)]! * v.data[at(c)]!);
        squares += a.data[at(c)]! ** 2;
        length += v.data[at(c)]! ** 2;
      }
      const raised = Math.max(floor, dot / Math.sqrt(squares * length)) ** power;
      value[n]! += dot * raised;
      for (let c = 0; c < channels; c++) {
        gradient[at(c)] =
          raised *
          ((1 + power) * Math.abs(v.data[at(c)]!) + ((power * dot) / squares) * Math.abs(a.data[at(c)]!));
      }
    }
  }
  return { value, gradient };
}

const CARICATURES: readonly Placed<CaricatureTerm>[] = [0, 1, 2].map((power) => ({
  term: { ...on, weight: 2, kind: "caricature", power, ...(power === 1 && { border: 2 }) },
  batch: 1 + power,
  shape: power === 1 ? LARGE : MAP,
  index: power,
}));

function caricature(placed: Placed<CaricatureTerm>): Proof {
  const { shape, batch, term } = placed;
  const goal = activation(9, 1, shape).data;
  const v = activation(0, batch, shape);
  for (let n = 0; n < batch; n++) v.data.set(goal, n * goal.length);
  const direction = { v, power: term.power, floor: 0.1, positions: positionsOf(placed) };
  return alongProof(placed, activation(1, batch, shape), direction, { "a.target": Float32Array.from(goal) });
}

export const cases: readonly GpuCase[] = [
  kernelCase(
    ["direction_forward", "direction_backward"],
    "directions, by channel, image and position",
    DIRECTED,
    directed,
  ),
  kernelCase(
    ["direction_forward", "direction_backward"],
    "caricatures of a photograph",
    CARICATURES,
    caricature,
  ),
];
