import {
  PARTIALS,
  partialsBytes,
  type Reduction,
  reducePartials,
  reduceTotal,
} from "../../src/optvis/reduce.ts";
import * as twin from "../reference/twins.ts";
import type { GpuCase } from "../stacks/case.ts";
import { expectExact, expectWithin, noise, roundings } from "../support/compare.ts";
import { kernelCase, POISON, type Proof, type Results } from "../support/execute.ts";

/** The most that an invocation adds up: of 16 elements each in one workgroup, more only where all 64 have more. */
const mostEach = (count: number) => Math.max(16, Math.ceil(count / 4096));

/** Around one workgroup, several and all of them; parts in the middle of an image; slots among others. */
const REDUCTIONS: readonly Reduction[] = [
  { batch: 1, stride: 1, offset: 0, count: 1, slot: 0, scale: 1 },
  { batch: 2, stride: 70, offset: 3, count: 63, slot: 0, scale: 0.5 },
  { batch: 1, stride: 64, offset: 0, count: 64, slot: 1, scale: -2 },
  { batch: 3, stride: 66, offset: 1, count: 65, slot: 2, scale: 0.125 },
  { batch: 1, stride: 1024, offset: 0, count: 1024, slot: 0, scale: 1 },
  { batch: 2, stride: 1030, offset: 4, count: 1025, slot: 1, scale: 1 },
  { batch: 1, stride: 65535, offset: 0, count: 65535, slot: 0, scale: 1 },
  { batch: 2, stride: 65540, offset: 4, count: 65536, slot: 1, scale: 1 },
  { batch: 2, stride: 69633, offset: 0, count: 69633, slot: 0, scale: 1 },
  { batch: 1, stride: 9001, offset: 1, count: 9000, slot: 0, scale: 4 },
];

const SLOTS = 4;
const kinds = ["sum", "squares", "absolute"] as const;

/** Each kind twice: the same input gives the same bits. */
function partials(reduction: Reduction): Proof {
  const x = noise(1, reduction.batch * reduction.stride);
  const bytes = partialsBytes(reduction.batch, SLOTS);
  const runs = kinds.flatMap((kind) => [`${kind} once`, `${kind} again`].map((name) => ({ kind, name })));
  return {
    buffers: { x, ...Object.fromEntries(runs.map(({ name }) => [name, bytes])) },
    dispatches: runs.map(({ kind, name }) =>
      reducePartials(name, kind, reduction, { input: "x", partials: name }),
    ),
    check(read) {
      for (const kind of kinds) {
        checkPartials(kind, x, reduction, read);
        expectExact(`${kind} again`, read.u32(`${kind} again`), read.u32(`${kind} once`));
      }
    },
  };
}

function checkPartials(
  kind: (typeof kinds)[number],
  x: Float32Array,
  reduction: Reduction,
  read: Results,
): void {
  const { batch, count, slot, scale } = reduction;
  const all = read.f32(`${kind} once`);
  const own = (n: number) => all.subarray((slot * batch + n) * PARTIALS, (slot * batch + n + 1) * PARTIALS);
  const sums = Array.from({ length: batch }, (_, n) => own(n).reduce((sum, value) => sum + value, 0));
  const bound = twin.reduce_partials(kind, x.map(Math.abs), { ...reduction, scale: Math.abs(scale) });
  // A product, the sums of an invocation, a tree of 64, and the scale.
  const depth = 1 + mostEach(count) + 6 + 1;
  expectWithin(kind, sums, twin.reduce_partials(kind, x, reduction), bound, roundings(depth));
  const others = read.u32(`${kind} once`);
  others.fill(POISON, slot * batch * PARTIALS, (slot + 1) * batch * PARTIALS);
  expectExact("other slots", others, new Uint32Array(others.length).fill(POISON));
}

interface Totalled {
  readonly batch: number;
  readonly firstSlot: number;
  readonly slots: number;
  readonly ring: number;
  readonly step: number;
}

/** One ring entry and several, before and after the ring is full; more images than a workgroup. */
const TOTALLED: readonly Totalled[] = [
  { batch: 1, firstSlot: 0, slots: 1, ring: 1, step: 0 },
  { batch: 2, firstSlot: 1, slots: 2, ring: 1, step: 5 },
  { batch: 3, firstSlot: 0, slots: 3, ring: 4, step: 3 },
  { batch: 65, firstSlot: 2, slots: 1, ring: 3, step: 7 },
];

function totals({ step, ...total }: Totalled): Proof {
  const { batch, firstSlot, slots, ring } = total;
  const finished = noise(1, (firstSlot + slots) * batch * PARTIALS);
  // Slots before the first belong to something else.
  finished.fill(Number.NaN, 0, firstSlot * batch * PARTIALS);
  const before = noise(2, ring * batch);
  return {
    buffers: { finished, state: Uint32Array.of(step, 0, 0, 0), totals: before },
    dispatches: [reduceTotal("total", total, { finished: "finished", state: "state", totals: "totals" })],
    check(read) {
      const [expected, bound] = [Float64Array.from(before), new Float64Array(before.length)];
      const entry = (step % ring) * batch;
      expected.set(twin.reduce_total(finished, batch, firstSlot, slots), entry);
      bound.set(twin.reduce_total(finished.map(Math.abs), batch, firstSlot, slots), entry);
      expectWithin("totals", read.f32("totals"), expected, bound, roundings(slots * PARTIALS));
    },
  };
}

export const cases: readonly GpuCase[] = [
  kernelCase(["reduce_partials"], "a part of each image, twice the same bits", REDUCTIONS, partials),
  kernelCase(["reduce_total"], "its slots, its entry of the ring", TOTALLED, totals),
];
