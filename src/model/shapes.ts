/** Sizes of a network's activations, what a unit sees of the image, and parameter counts. */
import { InputError, shown } from "../errors.ts";
import type { Span } from "../nn/layer.ts";
import { type ConvLayer, isConv } from "../nn/layers/conv.ts";
import type { PlainConvLayer } from "../nn/layers/plainconv.ts";
import type { Colours } from "../nn/preprocess.ts";
import { layerKind } from "../nn/registry.ts";
import type { Layer, Network, Shape } from "./network.ts";

/** The largest side that is tried to tell which sizes a network takes. */
const LARGEST_SUGGESTED_SIZE = 4096;

export interface ShapesOptions {
  /** Stops after this layer. Later ones need not fit. Default: the whole network. */
  readonly upTo?: string;
}

export interface ReceptiveField {
  /** Side in pixels of the square that one unit depends on, padding included. `Infinity` is the whole image. */
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
  if (!Array.isArray(size)) throw new InputError(`size expects height and width, got ${shown(size)}`);
  const [height, width] = size;
  if (![height, width].every((n) => Number.isSafeInteger(n) && n > 0)) {
    throw new InputError(`size expects whole numbers of pixels, got ${height}×${width}`);
  }
  const layers = layersUpTo(network, options.upTo);
  const shapes = new Map<string, Shape>();
  let shape: Shape = { channels: imageChannels(network), height, width };
  for (const layer of layers) {
    const next = layerKind(layer).outputShape(layer, shape);
    if (typeof next === "string") throw wrongSize(layers, `${layer.name} ${next}`, size);
    shape = next;
    shapes.set(layer.name, shape);
  }
  return shapes;
}

/** @throws InputError for an unknown layer, listing those there are. */
export function receptiveField(network: Network, layerName: string): ReceptiveField {
  let unit: Span = [0, 1];
  let neighbour: Span = [1, 2];
  let whole = false;
  for (const layer of layersUpTo(network, layerName).toReversed()) {
    const kind = layerKind(layer);
    whole ||= kind.inputSpan(layer, unit) === undefined;
    unit = kind.inputSpan(layer, unit) ?? unit;
    neighbour = kind.inputSpan(layer, neighbour) ?? neighbour;
  }
  return { size: whole ? Infinity : unit[1] - unit[0], stride: neighbour[0] - unit[0] };
}

/** Weights and biases, after batch norm is folded in. */
export function parameterCount(layer: Layer): number {
  return layerKind(layer).parameterCount(layer);
}

/** Channels of the image that the network reads: three, or one, which is grey. */
export function imageChannels(network: Pick<Network, "layers">): Colours {
  return convolutions(network)[0]?.inputChannels === 1 ? 1 : 3;
}

/** Of every size, in order of execution. */
export function convolutions({ layers }: Pick<Network, "layers">): readonly (ConvLayer | PlainConvLayer)[] {
  return layers.filter((layer) => layer.kind === "conv" || layer.kind === "plainconv");
}

/** In order of execution. */
export function convolutionNames(network: Network): string[] {
  return convolutions(network).map(({ name }) => name);
}

/** The 3×3 convolutions, which have several kernels to choose from; in order of execution. */
export function tunedConvolutionNames({ layers }: Pick<Network, "layers">): string[] {
  return layers.filter(isConv).map(({ name }) => name);
}

/** @throws InputError listing the layers there are. */
export function findLayer(network: Network, name: string): Layer {
  const layer = network.layers.find((candidate) => candidate.name === name);
  if (layer !== undefined) return layer;
  const names = network.layers.map((candidate) => candidate.name).join(" ");
  throw new InputError(`layer ${shown(name)} is not in ${network.name}`, {
    remedy: `layers: ${names}`,
  });
}

/** Output channels (units of a linear layer) of the named layer. @throws InputError where it is unknown. */
export function layerChannels(network: Network, name: string): number {
  return layersUpTo(network, name).reduce<number>(
    (channels, layer) => layerKind(layer).outputChannels(layer, channels),
    imageChannels(network),
  );
}

function layersUpTo(network: Network, name: string | undefined): readonly Layer[] {
  if (name === undefined) return network.layers;
  return network.layers.slice(0, network.layers.indexOf(findLayer(network, name)) + 1);
}

/** @param problem which layer refuses, and why */
function wrongSize(
  layers: readonly Layer[],
  problem: string,
  [height, width]: readonly [number, number],
): InputError {
  const fitting = fittingSides(layers);
  const bounds =
    fitting === undefined
      ? "no square size fits; try another padding"
      : fitting.smallest === fitting.largest
        ? `each side must be ${fitting.smallest}`
        : fitting.largest === LARGEST_SUGGESTED_SIZE
          ? `each side must be at least ${fitting.smallest}`
          : `each side must be ${fitting.smallest} to ${fitting.largest}`;
  return new InputError(`size ${height}×${width}: ${problem}`, { remedy: bounds });
}

/**
 * Sides in pixels of the square images that pass through all the layers: always one range, open above
 * (`largest` is then 4096) unless the head flattens. Undefined where no square fits.
 */
function fittingSides(layers: readonly Layer[]): { smallest: number; largest: number } | undefined {
  const fits = (side: number): boolean => {
    let shape: Shape = { channels: imageChannels({ layers }), height: side, width: side };
    for (const layer of layers) {
      const next = layerKind(layer).outputShape(layer, shape);
      if (typeof next === "string") return false;
      shape = next;
    }
    return true;
  };
  let smallest = 1;
  while (!fits(smallest)) if (++smallest > LARGEST_SUGGESTED_SIZE) return undefined;
  let largest = smallest;
  while (largest < LARGEST_SUGGESTED_SIZE && fits(largest + 1)) largest++;
  return { smallest, largest };
}
