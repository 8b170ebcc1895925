/**
 * Compositional pattern-producing network (Stanley 2007; Mordvintsev et al. 2018): a small network makes each pixel's
 * colour of its coordinates, and its weights are optimised. So the image can be drawn at any size afterwards. It has
 * eight hidden layers of 24 with Lucid's composite activation; coordinates go from −√3 to √3.
 */
import { cppn_backward_input, cppn_backward_weights, cppn_forward } from "../../../shaders/cppn.wgsl";
import { InputError } from "../../errors.ts";
import { type Dispatch, dispatch, fold } from "../../gpu/dispatch.ts";
import type { Size } from "../../model/network.ts";
import { type Colours, coloursOf } from "../../nn/preprocess.ts";
import { colourBackward, colourForward, IDENTITY } from "./colour.ts";
import type { Images, Memory, Param } from "./param.ts";

const HIDDEN = 24;
const HIDDEN_LAYERS = 8;

export interface CppnLayer {
  readonly inputs: number;
  readonly outputs: number;
  /** The first layer reads coordinates as they are; 0 or 1. */
  readonly composite: 0 | 1;
  /** Where its weights begin: (outputs, features), then a bias an output. */
  readonly first: number;
}

/** The layers that make an image of `colours`. */
export function cppnLayers(colours: Colours): readonly CppnLayer[] {
  const made: CppnLayer[] = [];
  let first = 0;
  for (let i = 0; i <= HIDDEN_LAYERS; i++) {
    const [inputs, composite] = i === 0 ? [2, 0 as const] : [HIDDEN, 1 as const];
    const outputs = i === HIDDEN_LAYERS ? colours : HIDDEN;
    made.push({ inputs, outputs, composite, first });
    first += outputs * (features({ inputs, composite }) + 1);
  }
  return made;
}

export function features({ inputs, composite }: Pick<CppnLayer, "inputs" | "composite">): number {
  return composite === 1 ? 2 * inputs : inputs;
}

/** Weights and biases of one network; the same for every size. */
export function cppnLength(colours: Colours): number {
  return cppnLayers(colours).reduce((sum, layer) => sum + layer.outputs * (features(layer) + 1), 0);
}

/** Row, then column, of every pixel: from −√3 to √3 along the longer side, (2,H·W). */
export function coordinates([height, width]: Size): Float64Array {
  const longest = Math.max(height, width);
  const along = (i: number, n: number) =>
    longest < 2 ? 0 : (Math.sqrt(3) * (2 * i - n + 1)) / (longest - 1);
  return Float64Array.from({ length: 2 * height * width }, (_, at) => {
    const i = at % (height * width);
    return at < height * width ? along(Math.floor(i / width), height) : along(i % width, width);
  });
}

/** Weights by He et al. (2015), √(2/features)·N(0,1), zero biases; the last layer `last` times that. */
function initial(normal: () => number, last: number, colours: Colours): Float32Array<ArrayBuffer> {
  const values = new Float32Array(cppnLength(colours));
  const layers = cppnLayers(colours);
  for (const layer of layers) {
    const count = features(layer);
    const scale = Math.sqrt(2 / count) * (layer === layers.at(-1) ? last : 1);
    for (let i = 0; i < layer.outputs * count; i++) values[layer.first + i] = scale * normal();
  }
  return values;
}

/** What layer i reads: coordinates, then activations (N,outputs,H,W), those that share a `slot` in one buffer. */
function activations({ batch, size, mean }: Images, memory: Memory, slot: (i: number) => number) {
  const layers = cppnLayers(coloursOf(mean));
  const grid = memory.table("cppn.coordinates", Float32Array.from(coordinates(size)));
  return (i: number): string => {
    if (i === 0) return grid;
    const outputs = layers[i - 1]?.outputs ?? 0;
    return memory.buffer(`cppn.${slot(i)}`, "workspace", 4 * batch * outputs * size[0] * size[1]);
  };
}

/** Weights to image. */
function forwardPasses(
  images: Images,
  { weights, image }: { readonly weights: string; readonly image: string },
  activation: (i: number) => string,
): Dispatch[] {
  const area = images.size[0] * images.size[1];
  const colours = coloursOf(images.mean);
  const length = cppnLength(colours);
  const layers = cppnLayers(colours).map((layer, i) =>
    dispatch(cppn_forward, {
      label: `cppn ${i} forward`,
      uniform: { batch: images.batch, area, ...layer, length },
      workgroups: fold(images.batch * area),
      buffers: { weights, input: activation(i), output: activation(i + 1) },
    }),
  );
  const last = activation(layers.length);
  return [...layers, colourForward(images, { input: last, output: image }, IDENTITY)];
}

export const cppn: Param = {
  length: (_, colours) => cppnLength(colours),
  plan(images, { image, gradient }, memory) {
    const { batch, size } = images;
    const area = size[0] * size[1];
    const colours = coloursOf(images.mean);
    const [layers, length] = [cppnLayers(colours), cppnLength(colours)];
    const weights = memory.buffer("cppn", "param", 4 * batch * length);
    const weightsGradient = memory.buffer("cppn.gradient", "param", 4 * batch * length);
    const activation = activations(images, memory, (i) => i);
    const flow = (i: number) =>
      memory.buffer(`cppn.gradient.${i % 2}`, "workspace", 4 * batch * HIDDEN * area);
    const end = layers.length;
    const backward: Dispatch[] = [];
    for (const [i, layer] of layers.entries()) {
      const uniform = { batch, area, ...layer, length };
      const input = activation(i);
      const pixels = { uniform, workgroups: fold(batch * area) };
      const back = [
        dispatch(cppn_backward_weights, {
          ...{ label: `cppn ${i} backward weights`, uniform, workgroups: [features(layer) + 1, batch, 1] },
          buffers: { input, outputGradient: flow(i + 1), weightsGradient },
        }),
      ];
      if (i > 0) {
        const buffers = { weights, input, outputGradient: flow(i + 1), inputGradient: flow(i) };
        back.push(dispatch(cppn_backward_input, { label: `cppn ${i} backward input`, ...pixels, buffers }));
      }
      backward.unshift(...back);
    }
    return {
      values: weights,
      gradient: weightsGradient,
      forward: forwardPasses(images, { weights, image }, activation),
      backward: [
        colourBackward(images, { input: gradient, output: flow(end), image }, IDENTITY),
        ...backward,
      ],
    };
  },
  /** Nothing is kept for a backward pass, so two buffers do. */
  draw(images, { values, image }, memory) {
    const activation = activations(images, memory, (i) => 1 + (i % 2));
    return forwardPasses(images, { weights: values, image }, activation);
  },
  /** Grey: random hidden layers, and a last layer of zeros (Lucid). */
  zeros: (normal, _, colours) => initial(normal, 0, colours),
  noise: (normal, _, colours) => initial(normal, 1, colours),
  fromPicture() {
    throw new InputError("a CPPN cannot start from a photograph: no weights make exactly that picture", {
      remedy: "start from zeros or noise, or use --param pixel, fourier, laplacian or maco",
    });
  },
};
