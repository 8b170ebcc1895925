/**
 * Families whose kernels keep a tile of sums in registers and finish it there: the same buffers and five
 * entry points, forward and backward, each with and without the ReLU, and forward with the max-pool too.
 */
import { type BufferRef, type Dispatch, dispatch } from "../../gpu/dispatch.ts";
import type { KernelSource } from "../../gpu/kernel.ts";
import { type Correlation, correlationBytes, correlationFlops } from "./shape.ts";
import type { ConvVariant } from "./variant.ts";

type Operand = "weights" | "input" | "output";
type TileShape = Readonly<Record<Exclude<keyof Correlation, "batch">, number>>;
type Tiled<S extends string, O extends string> = KernelSource<Operand | S, TileShape, O>;

/** `W`: names of the workspace that the kernels bind beside the operands. */
export interface TiledKernels<O extends string, W extends string> {
  readonly forward: Tiled<"bias" | W, O>;
  readonly forwardRelu: Tiled<"bias" | "bits" | W, O>;
  readonly forwardReluPool: Tiled<"bias" | "bits" | "winners" | W, O>;
  readonly backwardInput: Tiled<W, O>;
  readonly backwardInputRelu: Tiled<"mask" | W, O>;
}

/** Workgroups and overrides for a pass. */
export interface Grid<O extends string> {
  readonly workgroups: readonly [x: number, y: number, z: number];
  readonly overrides: Readonly<Record<O, number>>;
}

/** The passes of a family over `kernels`, on a `grid` of its own, with the workspace named in `scratch`. */
export function tiledPasses<O extends string, W extends string = never>(
  kernels: TiledKernels<O, W>,
  grid: (pass: Correlation, pooled: boolean) => Grid<O>,
  scratch: readonly W[] = [],
): Pick<ConvVariant, "forward" | "backwardInput"> {
  const make = <S extends string>(
    kernel: Tiled<S, O>,
    label: string,
    pass: Correlation,
    buffers: Readonly<Record<Operand | S, BufferRef>>,
    pooled = false,
  ): Dispatch => {
    const { batch: _, ...uniform } = pass;
    const cost = { flops: correlationFlops(pass), bytes: correlationBytes(pass, pooled) };
    return dispatch(kernel, { label, buffers, uniform, ...cost, ...grid(pass, pooled) });
  };
  return {
    forward(label, pass, { weights, bias, input, output, bits, winners, workspace }) {
      const buffers = { weights, bias, input, output, ...chosen(workspace, scratch) };
      if (bits === undefined) return [make(kernels.forward, label, pass, buffers)];
      return [
        winners === undefined
          ? make(kernels.forwardRelu, label, pass, { ...buffers, bits })
          : make(kernels.forwardReluPool, label, pass, { ...buffers, bits, winners }, true),
      ];
    },
    backwardInput(label, pass, { weights, input, output, mask, workspace }) {
      const buffers = { weights, input, output, ...chosen(workspace, scratch) };
      return [
        mask === undefined
          ? make(kernels.backwardInput, label, pass, buffers)
          : make(kernels.backwardInputRelu, label, pass, { ...buffers, mask }),
      ];
    },
  };
}

function chosen<W extends string>(workspace: Readonly<Record<string, BufferRef>>, names: readonly W[]) {
  return Object.fromEntries(names.map((name) => [name, workspace[name]])) as Readonly<Record<W, BufferRef>>;
}

/** Tiles of 8 pixels of a row, or `pooled`, of 4 windows of 2×2. */
export function rowTileCount({ outputHeight, outputWidth }: Correlation, pooled: boolean): number {
  return pooled
    ? Math.floor(outputHeight / 2) * Math.ceil(Math.floor(outputWidth / 2) / 4)
    : outputHeight * Math.ceil(outputWidth / 8);
}

/** Row tiles along x, `size` a workgroup; groups of `channels` output channels of each image along y. */
export function rowTiles(
  pass: Correlation,
  pooled: boolean,
  channels: number,
  size: number,
): [x: number, y: number, z: number] {
  const { batch, outputChannels } = pass;
  const tiles = rowTileCount(pass, pooled);
  return [Math.ceil(tiles / size), batch * Math.ceil(outputChannels / channels), 1];
}
