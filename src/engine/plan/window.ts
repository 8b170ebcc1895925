/**
 * The part of the network's input that single units depend on. Nothing outside of it is computed. The window ends where
 * the units' receptive fields end, or where the image ends. So every activation that a unit depends on is what it is in
 * the whole image.
 */
import type { Layer, Network, Shape, Size } from "../../model/network.ts";
import { layerShapes, receptiveField } from "../../model/shapes.ts";
import type { Span } from "../../nn/layer.ts";
import type { Window } from "../../nn/preprocess.ts";
import { layerKind } from "../../nn/registry.ts";
import { isPenalty, positionOf, type Term } from "../../optvis/term.ts";

export interface Windowed {
  readonly window: Window;
  /** With positions counted in the window. */
  readonly terms: readonly Term[];
}

/** All of an image. */
export function wholeWindow([height, width]: Size): Window {
  return { y: 0, x: 0, height, width };
}

/**
 * @param shapes of the layers' outputs for an image of `size`, up to the deepest layer that a term reads
 * @param terms placed
 */
export function windowOf(
  network: Network,
  shapes: ReadonlyMap<string, Shape>,
  size: Size,
  terms: readonly Term[],
): Windowed {
  const layers = network.layers.slice(0, shapes.size);
  const deepest = receptiveField(network, layers.at(-1)?.name ?? "");
  const positions = terms.filter((term) => !isPenalty(term)).map(positionOf);
  if (deepest.size === Infinity || positions.some((position) => position === undefined))
    return { window: wholeWindow(size), terms };
  // Only windows that begin at a multiple of the last stride are pooled as the image is.
  const { stride } = deepest;
  const [rows, columns] = ([0, 1] as const).map((axis) => {
    const spans = terms.flatMap((term) => {
      const position = positionOf(term);
      return position ? [spanOf(layers, shapes, size[axis], axis, term.layer, position[axis])] : [];
    });
    const begin = Math.min(...spans.map(([first]) => first));
    return [begin - (begin % stride), Math.max(...spans.map(([, end]) => end))] as const;
  }) as [Span, Span];
  const window = { y: rows[0], x: columns[0], height: rows[1] - rows[0], width: columns[1] - columns[0] };
  return { window, terms: terms.map((term) => moved(term, window, network)) };
}

/**
 * The receptive field of one unit, in pixels of an image of `size`. What lies outside the image is left out. A unit
 * behind a global pool or a linear layer sees the whole image.
 */
export function receptiveWindow(
  network: Network,
  size: Size,
  layer: string,
  [y, x]: readonly [y: number, x: number],
): Window {
  if (receptiveField(network, layer).size === Infinity) return wholeWindow(size);
  const shapes = layerShapes(network, size, { upTo: layer });
  const [top, bottom] = spanOf(network.layers, shapes, size[0], 0, layer, y);
  const [left, right] = spanOf(network.layers, shapes, size[1], 1, layer, x);
  return { y: top, x: left, height: bottom - top, width: right - left };
}

function moved(term: Term, { y, x }: Window, network: Network): Term {
  const position = positionOf(term);
  if (!position) return term;
  const { stride } = receptiveField(network, term.layer);
  return { ...term, position: [position[0] - y / stride, position[1] - x / stride] } as Term;
}

/** The pixels along one axis, of `extent`, that a unit of a layer depends on. */
function spanOf(
  layers: readonly Layer[],
  shapes: ReadonlyMap<string, Shape>,
  extent: number,
  axis: 0 | 1,
  name: string,
  position: number,
): Span {
  let [begin, end] = [position, position + 1];
  const last = layers.findIndex((layer) => layer.name === name);
  for (let i = last; i >= 0; i--) {
    const layer = layers[i] as Layer;
    const before = shapes.get(layers[i - 1]?.name ?? "");
    const limit = before ? (axis === 0 ? before.height : before.width) : extent;
    const [first, after] = layerKind(layer).inputSpan(layer, [begin, end]) ?? [0, limit];
    [begin, end] = [Math.max(0, first), Math.min(limit, after)];
  }
  return [begin, end];
}
