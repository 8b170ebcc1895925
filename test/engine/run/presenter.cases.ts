import { Presenter } from "../../../src/engine/run/presenter.ts";
import type { Gpu } from "../../../src/gpu/device.ts";
import { preprocessing } from "../../../src/model/preprocess.ts";
import { wallSize } from "../../../src/optvis/wall.ts";
import { type Shape4, sizeOf, tensor } from "../../reference/tensor.ts";
import * as twin from "../../reference/twins.ts";
import type { GpuCase } from "../../stacks/case.ts";
import { noise } from "../../support/compare.ts";
import { gpuOf } from "../../support/gpu.ts";

interface Shown {
  readonly shape: Shape4;
  /** Rows and columns of the canvas beyond the wall. */
  readonly margin: readonly [number, number];
  readonly transparent?: true;
  readonly standardized?: true;
}

/** One image; a wall with an empty place; a canvas that is smaller or larger than the wall. */
const SHOWN: readonly Shown[] = [
  { shape: [1, 3, 1, 1], margin: [0, 0] },
  { shape: [1, 3, 5, 7], margin: [0, 0] },
  { shape: [3, 3, 4, 3], margin: [2, 3] },
  { shape: [5, 3, 2, 6], margin: [-1, -2] },
  { shape: [1, 3, 5, 7], margin: [1, 2], transparent: true },
  { shape: [3, 3, 4, 3], margin: [2, 3], transparent: true },
  { shape: [3, 3, 4, 3], margin: [2, 3], standardized: true },
  { shape: [1, 3, 5, 7], margin: [1, 2], transparent: true, standardized: true },
  { shape: [3, 1, 4, 3], margin: [2, 3] },
  { shape: [3, 1, 4, 3], margin: [2, 3], transparent: true, standardized: true },
];

const FORMAT = "rgba8unorm";
const PREPROCESS = "imagenet";

async function show(gpu: Gpu, { shape, margin, transparent, ...shown }: Shown): Promise<void> {
  const [batch, colours, height, width] = shape;
  // Colours from −1 to 2, so that much of it is clamped.
  const u = noise(1, sizeOf(shape)).map((value) => 1.5 * value);
  const mean = preprocessing(PREPROCESS).mean.slice(0, colours);
  const wall = wallSize(batch, [height, width]);
  const size = [wall.height + margin[0], wall.width + margin[1]] as const;
  const a = transparent && noise(2, batch * height * width).map((value) => (1 + value) / 2);
  const image = stored(gpu, "image", u);
  const alpha = a && stored(gpu, "alpha", a);
  // About as noise has them, each image its own.
  const s =
    shown.standardized && Float32Array.from({ length: 2 * batch }, (_, i) => (i % 2 ? 0.2 : 0.4) + i / 9);
  const statistics = s && stored(gpu, "statistics", s);
  const texture = gpu.device.createTexture({
    size: [size[1], size[0]],
    format: FORMAT,
    usage: GPUTextureUsage.RENDER_ATTACHMENT | GPUTextureUsage.COPY_SRC,
  });
  Presenter.create(gpu, { image, alpha, statistics, batch, size: [height, width], mean }, FORMAT).draw(
    texture.createView(),
  );
  const pixels = await readPixels(gpu, texture);
  const expected = twin.present_fragment(tensor(shape, u), mean, wall.columns, size, a, s);
  for (let pixel = 0; pixel < size[0] * size[1]; pixel++) {
    for (const channel of [0, 1, 2, 3]) {
      const exact = 255 * expected[4 * pixel + channel]!;
      const got = pixels[4 * pixel + channel]!;
      // Rounded to nearest, but for what float32 makes of u + mean.
      if (Math.abs(got - exact) <= 0.5 + 1e-4) continue;
      const [y, x] = [Math.floor(pixel / size[1]), pixel % size[1]];
      throw new Error(`${JSON.stringify(shape)}: channel ${channel} at (${y},${x}) is ${got}, not ${exact}`);
    }
  }
}

function stored(gpu: Gpu, label: string, data: Float32Array<ArrayBuffer>): GPUBuffer {
  const buffer = gpu.buffer(label, data.byteLength, GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST);
  gpu.device.queue.writeBuffer(buffer, 0, data);
  return buffer;
}

/** RGBA bytes without the padding of rows to 256 bytes. */
async function readPixels(gpu: Gpu, texture: GPUTexture): Promise<Uint8Array> {
  const { width, height } = texture;
  const bytesPerRow = 256 * Math.ceil((4 * width) / 256);
  const usage = GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ;
  const staging = gpu.buffer("pixels", bytesPerRow * height, usage);
  const encoder = gpu.device.createCommandEncoder();
  encoder.copyTextureToBuffer({ texture }, { buffer: staging, bytesPerRow }, [width, height]);
  gpu.device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const padded = new Uint8Array(staging.getMappedRange());
  const pixels = new Uint8Array(4 * width * height);
  for (let y = 0; y < height; y++) {
    pixels.set(padded.subarray(y * bytesPerRow, y * bytesPerRow + 4 * width), 4 * width * y);
  }
  return pixels;
}

export const cases: readonly GpuCase[] = [
  {
    name: "present_vertex present_fragment: every pixel of the canvas",
    async run(device) {
      const gpu = gpuOf(device);
      for (const shown of SHOWN) await show(gpu, shown);
    },
  },
];
