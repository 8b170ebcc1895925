import { code as jitterCode } from "../../../shaders/jitter.wgsl";
import { type Dispatch, dispatch, fold } from "../../../src/gpu/dispatch.ts";
import type { KernelSource } from "../../../src/gpu/kernel.ts";
import { jitter as jitterOf } from "../../../src/optvis/transforms/jitter.ts";
import { jitterShift, randomBits } from "../../reference/random.ts";
import { type Shape4, sizeOf, type Tensor, tensor } from "../../reference/tensor.ts";
import * as twin from "../../reference/twins.ts";
import type { GpuCase } from "../../stacks/case.ts";
import { dot, expectExact, noise } from "../../support/compare.ts";
import { kernelCase, type Proof } from "../../support/execute.ts";

interface Rolled {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly jitter: number;
  readonly seed: number;
  readonly step: number;
  readonly colours?: 1;
}

/** Shifts below, at and far beyond the image's size; seeds and steps up to the last 32-bit word. */
const ROLLED: readonly Rolled[] = [
  { batch: 1, height: 1, width: 1, jitter: 3, seed: 0, step: 0 },
  { batch: 2, height: 5, width: 8, jitter: 0, seed: 1, step: 1 },
  { batch: 5, height: 7, width: 9, jitter: 1, seed: 1, step: 2 },
  { batch: 3, height: 8, width: 3, jitter: 8, seed: 2, step: 3 },
  { batch: 3, height: 3, width: 17, jitter: 40, seed: 0xffff_ffff, step: 100 },
  { batch: 9, height: 4, width: 5, jitter: 16, seed: 123_456_789, step: 0xffff_fffe },
  { batch: 5, height: 7, width: 9, jitter: 3, seed: 1, step: 2, colours: 1 },
];

function roll(rolled: Rolled): Proof {
  const { step, batch, height, width, seed, colours = 3 } = rolled;
  const place = {
    batch,
    size: [height, width] as const,
    seed,
    op: 1,
    strength: 1,
    fill: Array(colours).fill(0),
  };
  const transform = jitterOf(rolled.jitter);
  const shape: Shape4 = [batch, colours, height, width];
  const x = tensor(shape, noise(1, sizeOf(shape)));
  const dy = tensor(shape, noise(2, sizeOf(shape)));
  const state = Uint32Array.of(step, 0, 0, 0);
  return {
    buffers: {
      state,
      x: Float32Array.from(x.data),
      y: 4 * sizeOf(shape),
      dy: Float32Array.from(dy.data),
      dx: 4 * sizeOf(shape),
    },
    dispatches: [
      transform.forward(place, { state: "state", input: "x", output: "y" }),
      transform.backward(place, { state: "state", input: "dy", output: "dx" }),
    ],
    check(read) {
      const [y, dx] = [read.f32("y"), read.f32("dx")];
      expectExact("y", y, imageByImage(x, rolled, twin.jitter_forward));
      expectExact("dx", dx, imageByImage(dy, rolled, twin.jitter_backward));
      // The same products in another order, in float64.
      const [forward, backward] = [dot(y, dy.data), dot(x.data, dx)];
      if (Math.abs(forward - backward) > 1e-12) throw new Error(`⟨Ax,y⟩ ${forward} ≠ ⟨x,Aᵀy⟩ ${backward}`);
    },
  };
}

/** Applies the twin to every image with the shift the random numbers give it. */
function imageByImage(
  x: Tensor,
  { seed, step, jitter }: Rolled,
  shift: typeof twin.jitter_forward,
): Float64Array {
  const [batch, colours, height, width] = x.shape;
  const perImage = colours * height * width;
  const out = new Float64Array(x.data.length);
  for (let n = 0; n < batch; n++) {
    const image = tensor([1, colours, height, width], x.data.slice(n * perImage, (n + 1) * perImage));
    out.set(shift(image, ...jitterShift(seed + n, step, jitter)).data, n * perImage);
  }
  return out;
}

/** The shader's own random numbers, written out by an entry point that the tests add to its file. */
const RANDOM_NUMBERS: KernelSource<"counters" | "numbers", Readonly<Record<string, never>>, never> = {
  name: "random_numbers",
  file: "jitter.wgsl and the test's entry point",
  code: `${jitterCode}
@group(0) @binding(4) var<storage, read> counters: array<vec4u>;
@group(0) @binding(5) var<storage, read_write> numbers: array<vec4u>;

@compute @workgroup_size(64) fn random_numbers(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < ${counters().length}u) {
    let counter = counters[id.x];
    numbers[id.x] = random_bits(counter.x, counter.y, counter.z, counter.w);
  }
}`,
  storage: { counters: { binding: 4, access: "read" }, numbers: { binding: 5, access: "read_write" } },
  lines: [],
  uniform: undefined,
  overrides: [],
  features: [],
};

function counters(): readonly (readonly [seed: number, step: number, op: number, index: number])[] {
  const words = [0, 1, 2, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];
  return words.flatMap((seed) =>
    words.flatMap((step) => [0, 1].flatMap((op) => words.map((index) => [seed, step, op, index] as const))),
  );
}

function randomNumbers(): Proof {
  const rows = counters();
  const numbers: Dispatch = dispatch(RANDOM_NUMBERS, {
    label: "random numbers",
    buffers: { counters: "counters", numbers: "numbers" },
    uniform: {},
    workgroups: fold(rows.length),
  });
  return {
    buffers: { counters: Uint32Array.from(rows.flat()), numbers: 16 * rows.length },
    dispatches: [numbers],
    check: (read) =>
      expectExact(
        "numbers",
        read.u32("numbers"),
        rows.flatMap((row) => randomBits(...row)),
      ),
  };
}

export const cases: readonly GpuCase[] = [
  kernelCase(["jitter_forward", "jitter_backward"], "each the transpose of the other", ROLLED, roll),
  kernelCase(["random_numbers"], "the GPU's words are the CPU's", ["every counter"], randomNumbers),
];
