/**
 * An activation grid's cells are PyTorch float64's on the real VGG-19 and photographs, random transforms and all; and each
 * is an image of what the activation is where the cell stands.
 */
import { grid } from "../../src/methods/grid.ts";
import type { Model, Preprocess } from "../../src/model/network.ts";
import { preprocessing } from "../../src/model/preprocess.ts";
import { openWeights, readFloats } from "../fixtures/fixtures.ts";
import fixtures from "../fixtures/grids.json" with { type: "json" };
import { layersTo, networkForward, type ReferenceWeights, referenceWeights } from "../reference/network.ts";
import { preprocessForward, subtractMean } from "../reference/preprocess.ts";
import { type Shape4, type Tensor, tensor } from "../reference/tensor.ts";
import type { Assets, GpuCase } from "../stacks/case.ts";
import { relativeL2 } from "../support/error.ts";
import { gpuOf } from "../support/gpu.ts";

type Fixture = (typeof fixtures)[number];

/** Relative L2 of a cell, counted from the mean colour, in which rounding flips no decision of a ReLU or pool. */
const TOLERANCE = 1e-4;
/** Times what a cell goes where disturbed weights flip some (`grids.py`); rounding errors are ten times smaller. */
const FLIPPED = 2;

const FILE = "vgg19_conv1_1-conv3_4.f32.safetensors";
const LAYER = "relu2_1";
const SIZE = [40, 60] as const;
const CELL = 24;
/** Of 20×30 positions: windows of ten by ten, twenty pixels a side. */
const [ROWS, COLUMNS] = [2, 3];
const OPTIONS = { layer: LAYER, cells: COLUMNS, cell: CELL, iterations: 40, batch: 4, power: 1 };

/** At every place stripes of a width, direction and colour of their own. */
function stripes(): Float32Array {
  return Float32Array.from({ length: 3 * SIZE[0] * SIZE[1] }, (_, i) => {
    const [colour, y, x] = [
      Math.floor(i / SIZE[0] / SIZE[1]),
      Math.floor(i / SIZE[1]) % SIZE[0],
      i % SIZE[1],
    ];
    const place = COLUMNS * Math.floor(y / 20) + Math.floor(x / 20);
    const along = [x, y, x + y, x - y + 60, x, y][place]!;
    const bright = Math.floor(along / (place < 4 ? 2 : 4)) % 2 === 1;
    return bright ? 0.9 : [0.1, 0.5, 0.8][(colour + place) % 3]!;
  });
}

function activation(model: Model, weights: ReferenceWeights, shape: Shape4, rgb: ArrayLike<number>): Tensor {
  const net = preprocessForward(subtractMean(tensor(shape, rgb), model.preprocess), model.preprocess);
  return networkForward(layersTo(model.network, LAYER), weights, net).outputs.get(LAYER)!;
}

/** Mean over a window of positions, one number a channel. */
function meanOf({ shape, data }: Tensor, top: number, left: number, rows: number, columns: number): number[] {
  const [, channels, height, width] = shape;
  return Array.from({ length: channels }, (_, c) => {
    let sum = 0;
    for (let y = top; y < top + rows; y++)
      for (let x = left; x < left + columns; x++) sum += data[(c * height + y) * width + x]!;
    return sum / (rows * columns);
  });
}

/** What all have in common taken away, each at length 1 before. */
function centred(vectors: readonly (readonly number[])[]): number[][] {
  const units = vectors.map((vector) => vector.map((x) => x / Math.hypot(...vector)));
  const mean = units[0]!.map((_, c) => units.reduce((sum, unit) => sum + unit[c]!, 0) / units.length);
  return units.map((unit) => unit.map((x, c) => x - mean[c]!));
}

function cosine(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, x, i) => sum + x * b[i]!, 0) / (Math.hypot(...a) * Math.hypot(...b));
}

async function resembles(device: GPUDevice, assets: Assets): Promise<void> {
  const model = await openWeights(assets, FILE, "caffe");
  const weights = await referenceWeights(model, LAYER);
  const data = stripes();
  const image = { shape: [1, 3, ...SIZE], data };
  const context = { runtime: "browser", startedAt: 0 } as const;
  const { report, tensors } = await grid.run(gpuOf(device), model, { ...OPTIONS, image }, context);
  if (report.rows !== ROWS || report.columns !== COLUMNS)
    throw new Error(`${report.rows}×${report.columns} cells`);
  const shape = { cell: CELL, rows: ROWS, columns: COLUMNS };
  const seen = activation(model, weights, [1, 3, ...SIZE], data);
  const vectors = Array.from({ length: ROWS * COLUMNS }, (_, i) =>
    meanOf(seen, 10 * Math.floor(i / COLUMNS), 10 * (i % COLUMNS), 10, 10),
  );
  const drawn = vectors.map((_, i) => {
    const shown = activation(model, weights, [1, 3, CELL, CELL], cellOf(tensors["image"]!.data, i, shape));
    return meanOf(shown, 0, 0, shown.shape[2], shown.shape[3]);
  });
  const places = centred(vectors);
  for (const [i, vector] of centred(drawn).entries()) {
    const likeness = places.map((place) => cosine(vector, place));
    const best = likeness.indexOf(Math.max(...likeness));
    if (best !== i || !(likeness[i]! > 0.3))
      throw new Error(`cell ${i} resembles place ${best} most: ${likeness.map((x) => x.toFixed(3))}`);
  }
}

async function equals(device: GPUDevice, assets: Assets, fixture: Fixture): Promise<void> {
  const { name, file, cell, sensitivity } = fixture;
  const preprocess = fixture.preprocess as Preprocess;
  const model = await openWeights(assets, file, preprocess);
  const bytes = await assets.read(photoOf(fixture));
  const data = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  const options = { ...fixture, image: { shape: [1, 3, ...fixture.size], data } };
  const context = { runtime: "browser", startedAt: 0 } as const;
  const { report, tensors } = await grid.run(gpuOf(device), model, options, context);
  const { rows, columns } = report;
  if (rows * columns !== sensitivity.length) throw new Error(`${rows}×${columns} cells`);
  const expected = await readFloats(assets, "test/fixtures/grids.safetensors", name);
  const { mean } = preprocessing(preprocess);
  const offMean = (picture: Float32Array, i: number) =>
    cellOf(picture, i, { cell, rows, columns }).map((x, at) => x - mean[Math.floor(at / cell ** 2)]!);
  const errors = sensitivity.map((_, i) =>
    relativeL2(offMean(tensors["image"]!.data, i), offMean(expected, i)),
  );
  const bounds = sensitivity.map((most) => Math.max(TOLERANCE, FLIPPED * most));
  if (!errors.every((error, i) => error < bounds[i]!))
    throw new Error(`cells are ${errors} off, with bounds ${bounds}`);
}

function photoOf({ photo, size }: Fixture): string {
  return `../shared/data/photos/${photo}.jpg?${size.join("x")}`;
}

/** One cell of the picture, (3,cell,cell). */
function cellOf(
  picture: Float32Array,
  i: number,
  { cell, rows, columns }: { readonly cell: number; readonly rows: number; readonly columns: number },
): Float32Array {
  const [top, left] = [cell * Math.floor(i / columns), cell * (i % columns)];
  const [height, width] = [cell * rows, cell * columns];
  return Float32Array.from({ length: 3 * cell * cell }, (_, at) => {
    const [colour, y, x] = [Math.floor(at / cell / cell), Math.floor(at / cell) % cell, at % cell];
    return picture[(colour * height + top + y) * width + left + x]!;
  });
}

/** A cell is the same picture however many are drawn with it, up to rounding. */
async function sameByAnyBatch(device: GPUDevice, assets: Assets): Promise<void> {
  const model = await openWeights(assets, FILE, "caffe");
  const image = { shape: [1, 3, ...SIZE], data: stripes() };
  const drawn = async (batch: number) => {
    const options = { ...OPTIONS, iterations: 3, seed: 5, batch, image };
    const { tensors } = await grid.run(gpuOf(device), model, options, { runtime: "browser", startedAt: 0 });
    return tensors["image"]!.data;
  };
  const [together, apart] = [await drawn(ROWS * COLUMNS), await drawn(1)];
  const error = relativeL2(apart, together);
  if (!(error < 1e-3)) throw new Error(`drawn one by one the cells are ${error} off`);
}

export const cases: readonly GpuCase[] = [
  ...fixtures.map((fixture) => ({
    name: `grid: ${fixture.layer} ${fixture.name} equals PyTorch's`,
    needs: [`../shared/data/weights/${fixture.file}`, photoOf(fixture)],
    run: (device: GPUDevice, assets: Assets) => equals(device, assets, fixture),
  })),
  {
    name: "grid: cells are the same whatever the batch",
    once: true,
    needs: [`../shared/data/weights/${FILE}`],
    run: sameByAnyBatch,
  },
  {
    name: `grid: every cell resembles its place, ${LAYER}`,
    // Whole ascents, of kernels that every stack proves one by one.
    once: true,
    needs: [`../shared/data/weights/${FILE}`],
    run: resembles,
  },
];
