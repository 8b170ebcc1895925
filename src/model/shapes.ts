/** Sizes of a network's activations, what a unit sees of the image, and parameter counts. */
import { InputError } from "../errors.ts";
import type { Layer, Network, Shape } from "./network.ts";

/** Searched when telling somebody which sizes would do. */
const LARGEST_SUGGESTED_SIZE = 4096;

export interface ShapesOptions {
  /** Stop after this layer; what comes later need not fit. Default: the whole network. */
  readonly upTo?: string;
}

export interface ReceptiveField {
  /** Side in pixels of the square one unit depends on (padding included); `Infinity` is the whole image. */
  readonly size: number;
  /** Pixels between the squares of neighbouring units. */
  readonly stride: number;
}

/**
 * Shape of every layer's output for an image of height × width pixels, in order of execution.
 * @throws InputError with the sizes that would do where the image is too small (or, for a head that
 *   flattens, of another size than it was trained for); for an unknown `upTo`, with the layers there are.
 */
export function layerShapes(
  network: Network,
  size: readonly [height: number, width: number],
  options: ShapesOptions = {},
): ReadonlyMap<string, Shape> {
  const [height, width] = size;
  if (![height, width].every((n) => Number.isSafeInteger(n) && n > 0)) {
    throw new InputError(`size expects whole numbers of pixels, got ${height}×${width}`);
  }
  const layers = layersUpTo(network, options.upTo);
  const shapes = new Map<string, Shape>();
  let shape: Shape = { channels: 3, height, width };
  for (const layer of layers) {
    const next = outputShape(layer, shape);
    if (next === undefined) throw wrongSize(layers, layer, shape, size);
    shape = next;
    shapes.set(layer.name, shape);
  }
  return shapes;
}

/** @throws InputError for an unknown layer, listing those there are. */
export function receptiveField(network: Network, layerName: string): ReceptiveField {
  let size = 1;
  let stride = 1;
  for (const layer of layersUpTo(network, layerName)) {
    if (layer.kind === "conv") size += 2 * stride;
    if (layer.kind === "maxpool") {
      size += stride;
      stride *= 2;
    }
    // Adaptive pooling's windows, and so all that follows, grow with the image.
    if (layer.kind === "avgpool" || layer.kind === "linear") size = Infinity;
  }
  return { size, stride };
}

/** Weights and biases, after batch norm is folded in. */
export function parameterCount(layer: Layer): number {
  if (layer.kind === "conv") return layer.outputChannels * (9 * layer.inputChannels + 1);
  if (layer.kind === "linear") return layer.outputFeatures * (layer.inputFeatures + 1);
  return 0;
}

/** In order of execution. */
export function convolutionNames({ layers }: Network): string[] {
  return layers.filter(({ kind }) => kind === "conv").map(({ name }) => name);
}

/** @throws InputError listing the layers there are. */
export function findLayer(network: Network, name: string): Layer {
  const layer = network.layers.find((candidate) => candidate.name === name);
  if (layer !== undefined) return layer;
  const names = network.layers.map((candidate) => candidate.name).join(" ");
  throw new InputError(`layer ${JSON.stringify(name.slice(0, 60))} is not in ${network.name}`, {
    remedy: `layers: ${names}`,
  });
}

/** Output channels (units of a linear layer) of the named layer. @throws InputError where it is unknown. */
export function layerChannels(network: Network, name: string): number {
  let channels = 3;
  for (const layer of layersUpTo(network, name)) {
    if (layer.kind === "conv") channels = layer.outputChannels;
    if (layer.kind === "linear") channels = layer.outputFeatures;
  }
  return channels;
}

function layersUpTo(network: Network, name: string | undefined): readonly Layer[] {
  if (name === undefined) return network.layers;
  return network.layers.slice(0, network.layers.indexOf(findLayer(network, name)) + 1);
}

/** Undefined where the input is too small, or not what a linear layer takes. */
function outputShape(layer: Layer, input: Shape): Shape | undefined {
  const { channels, height, width } = input;
  switch (layer.kind) {
    case "conv":
      return nonEmpty(layer.outputChannels, height - 2 + 2 * layer.padding, width - 2 + 2 * layer.padding);
    case "relu":
      return input;
    case "maxpool":
      return nonEmpty(channels, Math.floor(height / 2), Math.floor(width / 2));
    case "avgpool":
      return { channels, height: layer.outputSize, width: layer.outputSize };
    case "linear":
      return channels * height * width === layer.inputFeatures
        ? { channels: layer.outputFeatures, height: 1, width: 1 }
        : undefined;
  }
}

function nonEmpty(channels: number, height: number, width: number): Shape | undefined {
  return height > 0 && width > 0 ? { channels, height, width } : undefined;
}

function wrongSize(
  layers: readonly Layer[],
  layer: Layer,
  input: Shape,
  [height, width]: readonly [number, number],
): InputError {
  const { channels, height: h, width: w } = input;
  const expected =
    layer.kind === "linear" ? ` takes ${layer.inputFeatures} numbers, got` : " has nothing left of";
  const fitting = fittingSides(layers);
  const bounds =
    fitting === undefined
      ? "no square size fits; try another padding"
      : fitting.smallest === fitting.largest
        ? `each side must be ${fitting.smallest}`
        : fitting.largest === LARGEST_SUGGESTED_SIZE
          ? `each side must be at least ${fitting.smallest}`
          : `each side must be ${fitting.smallest} to ${fitting.largest}`;
  return new InputError(`size ${height}×${width}: ${layer.name}${expected} ${channels}×${h}×${w}`, {
    remedy: bounds,
  });
}

/**
 * Sides in pixels of the square images that pass through all the layers: always one range, open above
 * (`largest` is then 4096) unless the head flattens. Undefined where no square fits.
 */
export function fittingSides(layers: readonly Layer[]): { smallest: number; largest: number } | undefined {
  const fits = (side: number): boolean => {
    let shape: Shape | undefined = { channels: 3, height: side, width: side };
    for (const layer of layers) {
      shape = outputShape(layer, shape);
      if (shape === undefined) return false;
    }
    return true;
  };
  let smallest = 1;
  while (!fits(smallest)) if (++smallest > LARGEST_SUGGESTED_SIZE) return undefined;
  let largest = smallest;
  while (largest < LARGEST_SUGGESTED_SIZE && fits(largest + 1)) largest++;
  return { smallest, largest };
}
