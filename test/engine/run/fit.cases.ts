/**
 * Every parameterization fits a target picture, as Lucid's own tests ask of it: Adam(0.05) on −½‖image − target‖²,
 * whole steps of the real passes on the GPU. A CPPN takes Adam(0.005), as its authors do: 0.05 is a quarter of a weight.
 */
import { Allocation } from "../../../src/engine/plan/memory.ts";
import { type Dispatch, dispatch, fold } from "../../../src/gpu/dispatch.ts";
import type { KernelSource } from "../../../src/gpu/kernel.ts";
import type { Size } from "../../../src/model/network.ts";
import type { Colours } from "../../../src/nn/preprocess.ts";
import { advanceState, initialState, update } from "../../../src/optvis/optimizers.ts";
import { type Images, paramOf } from "../../../src/optvis/params/param.ts";
import type { ParamKind } from "../../../src/optvis/recipe.ts";
import type { GpuCase } from "../../stacks/case.ts";
import { noise } from "../../support/compare.ts";
import { kernelCase, type Proof } from "../../support/execute.ts";
import { plannedBuffers } from "../../support/planned.ts";

interface Fit {
  readonly param: ParamKind;
  readonly size: Size;
  readonly picture: (y: number, x: number, c: number) => number;
  readonly lr: number;
  readonly steps: number;
  /** Largest mean of |image − target|. */
  readonly error: number;
  /** Three if not said. */
  readonly colours?: Colours;
}

/** Waves, an edge and single bright pixels, in colours from 0.05 to 0.95. */
function busy(y: number, x: number, c: number): number {
  if ((7 * y + 13 * x) % 29 === 0) return 0.95;
  const edge = x > 9 ? 0.2 : -0.1;
  return 0.45 + edge + 0.3 * Math.sin(0.7 * y + c) * Math.cos(0.4 * x - c);
}

function smooth(y: number, x: number, c: number): number {
  return 0.5 + 0.35 * Math.sin(0.25 * y + c) * Math.cos(0.2 * x - c);
}

/** The exclusive or of left and top, at the four corners. */
function xor(y: number, x: number): number {
  return (y === 0) === (x === 0) ? 0.05 : 0.95;
}

const FITS: readonly Fit[] = [
  { param: "pixel", size: [21, 20], picture: busy, lr: 0.05, steps: 1000, error: 0.01 },
  { param: "fourier", size: [21, 20], picture: busy, lr: 0.05, steps: 1000, error: 0.01 },
  { param: "laplacian", size: [21, 20], picture: busy, lr: 0.05, steps: 1000, error: 0.01 },
  { param: "cppn", size: [2, 2], picture: xor, lr: 0.005, steps: 200, error: 0.01 },
  { param: "cppn", size: [9, 8], picture: smooth, lr: 0.005, steps: 400, error: 0.02 },
  { param: "pixel", size: [21, 20], picture: busy, lr: 0.05, steps: 1000, error: 0.01, colours: 1 },
  { param: "fourier", size: [21, 20], picture: busy, lr: 0.05, steps: 1000, error: 0.01, colours: 1 },
  { param: "laplacian", size: [21, 20], picture: busy, lr: 0.05, steps: 1000, error: 0.01, colours: 1 },
  { param: "cppn", size: [2, 2], picture: xor, lr: 0.005, steps: 200, error: 0.01, colours: 1 },
];

/** gradient = target − image, of the tests' own. */
const DIFFERENCE: KernelSource<"image" | "wanted" | "gradient", Readonly<Record<string, never>>, never> = {
  name: "difference",
  file: "the test's own",
  code: `
@group(0) @binding(0) var<storage, read> image: array<f32>;
@group(0) @binding(1) var<storage, read> wanted: array<f32>;
@group(0) @binding(2) var<storage, read_write> gradient: array<f32>;
@compute @workgroup_size(64) fn difference(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < arrayLength(&image)) { gradient[id.x] = wanted[id.x] - image[id.x]; }
}`,
  storage: {
    image: { binding: 0, access: "read" },
    wanted: { binding: 1, access: "read" },
    gradient: { binding: 2, access: "read_write" },
  },
  lines: [],
  uniform: undefined,
  overrides: [],
  features: [],
};

const MEAN = [0.485, 0.456, 0.406].map(Math.fround);

/** Sums of three numbers make nearly normal ones. */
function normals(): () => number {
  const values = noise(7, 100_000);
  let i = 0;
  return () => values[i++ % values.length]! + values[i++ % values.length]! + values[i++ % values.length]!;
}

function fit({ param, size, picture, lr, steps, error, colours = 3 }: Fit): Proof {
  const [height, width] = size;
  const mean = MEAN.slice(0, colours);
  const count = colours * height * width;
  const images: Images = { batch: 1, size, mean };
  const memory = new Allocation();
  const kind = paramOf(param);
  const passes = kind.plan(images, { image: "image", gradient: "gradient" }, memory);
  const length = kind.length(size, colours);
  const target = Float32Array.from({ length: count }, (_, i) => {
    const c = Math.floor(i / (height * width));
    return picture(Math.floor(i / width) % height, i % width, c) - mean[c]!;
  });
  const { values, gradient } = passes;
  const buffers = { values, gradient, sums: "", moment1: "moment1", moment2: "moment2", state: "state" };
  const step = { batch: 1, length, area: height * width, lr, decay: 0, clamp: false, mean };
  const dispatches: readonly Dispatch[] = [
    ...passes.forward,
    dispatch(DIFFERENCE, {
      ...{ label: "difference", uniform: {}, workgroups: fold(count) },
      buffers: { image: "image", wanted: "target", gradient: "gradient" },
    }),
    ...passes.backward,
    update("adam", step, buffers),
    advanceState("state"),
  ];
  return {
    times: steps,
    buffers: {
      ...{ image: new Float32Array(count), gradient: 4 * count, target },
      ...plannedBuffers(memory),
      [values]: kind.zeros ? kind.zeros(normals(), size, colours) : new Float32Array(length),
      ...{ moment1: new Float32Array(length), moment2: new Float32Array(length) },
      state: new Uint32Array(initialState()),
    },
    dispatches,
    check(read) {
      const image = read.f32("image");
      const off = image.reduce((sum, value, i) => sum + Math.abs(value - target[i]!), 0) / count;
      if (!(off < error)) throw new Error(`${off} off after ${steps} steps`);
    },
  };
}

export const cases: readonly GpuCase[] = FITS.map((one) => ({
  ...kernelCase(
    ["update_adam"],
    `${one.param} fits a ${one.colours ? "grey " : ""}picture of ${one.size.join("×")}`,
    [one],
    fit,
  ),
  // A CPPN's step is 26 dispatches with a barrier in nine of them: minutes, where barriers are slow.
  once: one.param === "cppn",
}));
