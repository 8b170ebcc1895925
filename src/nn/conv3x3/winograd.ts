/**
 * Winograd's minimal filtering, F(2×2,3×3) and F(4×4,3×3): 2.25 and 4 times fewer multiplications (Lavin and Gray
 * 2016, "Fast Algorithms for Convolutional Neural Networks"). There are three dispatches. The first transforms the input's
 * tiles. The second multiplies them by the weights and sums over channels. The third transforms the sums back, with bias,
 * ReLU, bits or mask.
 */

import {
  conv3x3_winograd_multiply_8x8,
  conv3x3_winograd_multiply_16x4,
  conv3x3_winograd_multiply_16x8,
  conv3x3_winograd_multiply_16x16,
} from "../../../shaders/conv3x3_winograd_multiply.wgsl";
import {
  conv3x3_pack_backward_input_winograd2,
  conv3x3_pack_backward_input_winograd4,
  conv3x3_pack_forward_winograd2,
  conv3x3_pack_forward_winograd4,
} from "../../../shaders/conv3x3_winograd_pack.wgsl";
import {
  conv3x3_backward_input_relu_winograd2,
  conv3x3_backward_input_winograd2,
  conv3x3_forward_relu_pool_winograd2,
  conv3x3_forward_relu_winograd2,
  conv3x3_forward_winograd2,
  conv3x3_winograd2_input,
} from "../../../shaders/conv3x3_winograd2.wgsl";
import {
  conv3x3_backward_input_relu_winograd4,
  conv3x3_backward_input_winograd4,
  conv3x3_forward_relu_pool_winograd4,
  conv3x3_forward_relu_winograd4,
  conv3x3_forward_winograd4,
  conv3x3_winograd4_input,
} from "../../../shaders/conv3x3_winograd4.wgsl";
import { type Dispatch, dispatch, fold } from "../../gpu/dispatch.ts";
import type { Correlation } from "./shape.ts";
import { type ConvBackwardBuffers, type ConvPacking, type ConvVariant, workspaceBuffers } from "./variant.ts";

/** What differs between the two sizes of output tile. */
const sizes = {
  2: {
    packForward: conv3x3_pack_forward_winograd2,
    packBackward: conv3x3_pack_backward_input_winograd2,
    input: conv3x3_winograd2_input,
    forward: conv3x3_forward_winograd2,
    forwardRelu: conv3x3_forward_relu_winograd2,
    forwardReluPool: conv3x3_forward_relu_pool_winograd2,
    backward: conv3x3_backward_input_winograd2,
    backwardRelu: conv3x3_backward_input_relu_winograd2,
  },
  4: {
    packForward: conv3x3_pack_forward_winograd4,
    packBackward: conv3x3_pack_backward_input_winograd4,
    input: conv3x3_winograd4_input,
    forward: conv3x3_forward_winograd4,
    forwardRelu: conv3x3_forward_relu_winograd4,
    forwardReluPool: conv3x3_forward_relu_pool_winograd4,
    backward: conv3x3_backward_input_winograd4,
    backwardRelu: conv3x3_backward_input_relu_winograd4,
  },
} as const;

export type TileSize = keyof typeof sizes;

/** Channels × tiles that one invocation of the product makes. */
const products = {
  "8x8": { kernel: conv3x3_winograd_multiply_8x8, channels: 8, tiles: 8 },
  "16x4": { kernel: conv3x3_winograd_multiply_16x4, channels: 16, tiles: 4 },
  "16x8": { kernel: conv3x3_winograd_multiply_16x8, channels: 16, tiles: 8 },
  "16x16": { kernel: conv3x3_winograd_multiply_16x16, channels: 16, tiles: 16 },
} as const;

export type ProductTile = keyof typeof products;

/** Invocations of a workgroup of the product. */
const WORKGROUP = 32;
/** A band's transformed input and products take about this much together, so that they stay in a cache. */
const BAND_BYTES = 16 * 2 ** 20;
const TRANSFORMED = "winograd.transformed";
const PRODUCTS = "winograd.products";
const WORKSPACE = [TRANSFORMED, PRODUCTS] as const;

const points = (m: TileSize) => (m + 2) ** 2;
const roundUp = (n: number, multiple: number) => multiple * Math.ceil(n / multiple);

/** U = G g Gᵀ: (E,C,K′), K′ the pass's output channels rounded up to 16 (shaders/conv3x3_winograd_pack.wgsl). */
function winogradPacking(m: TileSize): ConvPacking {
  return {
    name: `winograd${m}`,
    bytes: (inputs, outputs) => 4 * points(m) * inputs * roundUp(outputs, 16),
    pack(label, pass, { inputChannels, outputChannels }, buffers) {
      const forward = pass === "forward";
      const [from, to] = forward ? [inputChannels, outputChannels] : [outputChannels, inputChannels];
      return [
        dispatch(forward ? sizes[m].packForward : sizes[m].packBackward, {
          label,
          buffers,
          uniform: { outputChannels, inputChannels },
          workgroups: fold(from * roundUp(to, 16)),
        }),
      ];
    },
  };
}

/** Rows of tiles `top` … `top + rows − 1` of every image. */
interface Band {
  readonly top: number;
  readonly rows: number;
  readonly columns: number;
  /** Tiles of all images in the band, rounded up to the product's tile. */
  readonly paddedTiles: number;
  readonly paddedChannels: number;
}

/** The bands of a pass, all of one height but perhaps the last. */
function bandsOf(m: TileSize, tiles: number, pass: Correlation): Band[] {
  const columns = Math.ceil(pass.outputWidth / m);
  const allRows = Math.ceil(pass.outputHeight / m);
  const paddedChannels = roundUp(pass.outputChannels, 16);
  const rowBytes = 4 * points(m) * pass.batch * columns * (pass.inputChannels + paddedChannels);
  const height = Math.min(allRows, Math.max(1, Math.floor(BAND_BYTES / rowBytes)));
  return Array.from({ length: Math.ceil(allRows / height) }, (_, band) => {
    const top = band * height;
    const rows = Math.min(height, allRows - top);
    return { top, rows, columns, paddedTiles: roundUp(pass.batch * rows * columns, tiles), paddedChannels };
  });
}

/** @param m pixels on the side of an output tile @param product register tile of the product */
export function winograd(m: TileSize, product: ProductTile): ConvVariant {
  const kernels = sizes[m];
  const { kernel, channels, tiles } = products[product];
  const leaving = leavingBy(m);

  /** The input's tiles of one band transformed, and their products with the weights summed. */
  const multiplied = (
    label: string,
    pass: Correlation,
    band: Band,
    { weights, input, workspace }: Operands,
  ): Dispatch[] => {
    const { rows, columns, paddedTiles, paddedChannels } = band;
    const { [TRANSFORMED]: transformed, [PRODUCTS]: sums } = workspaceBuffers(workspace, WORKSPACE);
    const invocations = points(m) * (paddedTiles / tiles) * (paddedChannels / channels);
    return [
      dispatch(kernels.input, {
        label: `${label} enter`,
        buffers: { input, transformed },
        uniform: { ...pass, ...band },
        workgroups: fold(pass.batch * rows * columns * pass.inputChannels),
        bytes:
          4 *
          pass.batch *
          pass.inputChannels *
          (inputRows(m, pass, band) * pass.inputWidth + points(m) * rows * columns),
      }),
      dispatch(kernel, {
        label,
        buffers: { weights, transformed, products: sums },
        uniform: { channels: pass.inputChannels, paddedChannels, paddedTiles, points: points(m) },
        workgroups: fold(invocations, WORKGROUP),
        flops: 2 * points(m) * pass.inputChannels * paddedChannels * paddedTiles,
        bytes:
          4 *
          points(m) *
          (pass.inputChannels * (paddedChannels + paddedTiles) + paddedChannels * paddedTiles),
      }),
    ];
  };

  return {
    precision: "f32",
    features: [],
    fusesRelu: true,
    fusesPool: true,
    packing: winogradPacking(m),
    workspace(pass) {
      const most = Math.max(...bandsOf(m, tiles, pass).map((band) => band.paddedTiles));
      const bytes = 4 * points(m) * most;
      return [
        { name: TRANSFORMED, bytes: bytes * pass.inputChannels },
        { name: PRODUCTS, bytes: bytes * roundUp(pass.outputChannels, 16) },
      ];
    },
    forward: (label, pass, buffers) =>
      bandsOf(m, tiles, pass).flatMap((band) => {
        const { bias, output, bits, winners, workspace } = buffers;
        const options = leaving(label, pass, band, winners !== undefined);
        const bound = { products: workspaceBuffers(workspace, WORKSPACE)[PRODUCTS], bias, output };
        const multiply = multiplied(label, pass, band, buffers);
        if (bits === undefined)
          return [...multiply, dispatch(kernels.forward, { ...options, buffers: bound })];
        return [
          ...multiply,
          winners === undefined
            ? dispatch(kernels.forwardRelu, { ...options, buffers: { ...bound, bits } })
            : dispatch(kernels.forwardReluPool, { ...options, buffers: { ...bound, bits, winners } }),
        ];
      }),
    backwardInput: (label, pass, buffers) =>
      bandsOf(m, tiles, pass).flatMap((band) => {
        const { output, mask, workspace } = buffers;
        const options = leaving(label, pass, band);
        const bound = { products: workspaceBuffers(workspace, WORKSPACE)[PRODUCTS], output };
        return [
          ...multiplied(label, pass, band, buffers),
          mask === undefined
            ? dispatch(kernels.backward, { ...options, buffers: bound })
            : dispatch(kernels.backwardRelu, { ...options, buffers: { ...bound, mask } }),
        ];
      }),
  };
}

type Operands = Pick<ConvBackwardBuffers, "weights" | "input" | "workspace">;

/** Rows of the input that a band's tiles are made of. */
function inputRows(m: TileSize, pass: Correlation, { top, rows }: Band): number {
  const [first, last] = [top * m - pass.pad, (top + rows) * m + 1 - pass.pad];
  return Math.min(last, pass.inputHeight - 1) - Math.max(first, 0) + 1;
}

/** The transform out: one invocation a word of bits, 4 channels × 8 pixels, over the height of a tile. */
function leavingBy(m: TileSize) {
  return (label: string, pass: Correlation, band: Band, pooled = false) => {
    const words = Math.ceil(pass.outputWidth / 8) * band.rows * Math.ceil(pass.outputChannels / 4);
    const outputRows = Math.min(m * band.rows, pass.outputHeight - m * band.top);
    const side = (length: number) => (pooled ? Math.floor(length / 2) : length);
    const written = side(outputRows) * side(pass.outputWidth);
    const perChannel = points(m) * band.rows * band.columns + written;
    return {
      label: `${label} leave`,
      uniform: { ...pass, ...band },
      workgroups: fold(pass.batch * words),
      bytes: 4 * pass.batch * pass.outputChannels * perChannel,
    };
  };
}
