/**
 * Variants whose kernels keep a tile of sums in registers and finish it there. They bind the same buffers. Each has a
 * forward and a backward entry point with and without the ReLU; some have a forward one with the max-pool too.
 */
import { ShaderError } from "../../errors.ts";
import { type BufferRef, type Dispatch, dispatch } from "../../gpu/dispatch.ts";
import type { KernelSource } from "../../gpu/kernel.ts";
import { type Correlation, correlationBytes, correlationFlops } from "./shape.ts";
import { type ConvVariant, workspaceBuffers } from "./variant.ts";

type Operand = "weights" | "input" | "output";
type TileShape = Readonly<Record<Exclude<keyof Correlation, "batch">, number>>;
type Tiled<S extends string, O extends string> = KernelSource<Operand | S, TileShape, O>;

/** `W`: names of the workspace that the kernels bind beside the operands. */
export interface TiledKernels<O extends string, W extends string> {
  readonly forward: Tiled<"bias" | W, O>;
  readonly forwardRelu: Tiled<"bias" | "bits" | W, O>;
  readonly forwardReluPool?: Tiled<"bias" | "bits" | "winners" | W, O>;
  readonly backwardInput: Tiled<W, O>;
  readonly backwardInputRelu: Tiled<"mask" | W, O>;
}

/** Workgroups and overrides for a pass. */
export interface Grid<O extends string> {
  readonly workgroups: readonly [x: number, y: number, z: number];
  readonly overrides: Readonly<Record<O, number>>;
}

/** The passes of a variant over `kernels`, on a `grid` of its own, with the workspace named in `scratch`. */
export function tiledPasses<O extends string, W extends string = never>(
  kernels: TiledKernels<O, W>,
  grid: (pass: Correlation, pooled: boolean) => Grid<O>,
  scratch: readonly W[] = [],
): Pick<ConvVariant, "fusesRelu" | "fusesPool" | "forward" | "backwardInput"> {
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
  const { forwardReluPool } = kernels;
  return {
    fusesRelu: true,
    fusesPool: forwardReluPool !== undefined,
    forward(label, pass, { weights, bias, input, output, bits, winners, workspace }) {
      const buffers = { weights, bias, input, output, ...workspaceBuffers(workspace, scratch) };
      if (bits === undefined) return [make(kernels.forward, label, pass, buffers)];
      if (winners === undefined) return [make(kernels.forwardRelu, label, pass, { ...buffers, bits })];
      if (!forwardReluPool) throw new ShaderError(`${label}: the variant does not fuse the max-pool`);
      return [make(forwardReluPool, label, pass, { ...buffers, bits, winners }, true)];
    },
    backwardInput(label, pass, { weights, input, output, mask, workspace }) {
      const buffers = { weights, input, output, ...workspaceBuffers(workspace, scratch) };
      return [
        mask === undefined
          ? make(kernels.backwardInput, label, pass, buffers)
          : make(kernels.backwardInputRelu, label, pass, { ...buffers, mask }),
      ];
    },
  };
}

/** Tiles of 8 pixels of a row of the output. */
export function rowTileCount({ outputHeight, outputWidth }: Correlation): number {
  return outputHeight * Math.ceil(outputWidth / 8);
}

/** Row tiles along x, `size` a workgroup; groups of `channels` output channels of each image along y. */
export function rowTiles(
  pass: Correlation,
  channels: number,
  size: number,
): [x: number, y: number, z: number] {
  const { batch, outputChannels } = pass;
  const tiles = rowTileCount(pass);
  return [Math.ceil(tiles / size), batch * Math.ceil(outputChannels / channels), 1];
}
