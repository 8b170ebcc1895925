/**
 * Laplacian pyramid (Burt and Adelson 1983; Mordvintsev et al. 2016): the image is a sum of ever coarser levels,
 * so that a step moves large and small features alike. Four levels, as Lucid's `laplacian_pyramid`; colours
 * decorrelated, through a sigmoid.
 */
import { pyramid_backward, pyramid_forward } from "../../../shaders/pyramid.wgsl";
import { dispatch, fold } from "../../gpu/dispatch.ts";
import { colourBackward, colourForward, decorrelate } from "./colour.ts";
import type { Param, Size } from "./param.ts";

/** Level l has ⌈H/2^l⌉×⌈W/2^l⌉ pixels. */
export const LEVELS = 4;
/** Standard deviation of the noise start (Lucid: sd=0.01). */
const NOISE = 0.01;

function levelSize([height, width]: Size, level: number): Size {
  return [Math.ceil(height / 2 ** level), Math.ceil(width / 2 ** level)];
}

function length(size: Size): number {
  return Array.from({ length: LEVELS }, (_, level) => levelSize(size, level)).reduce(
    (sum, [height, width]) => sum + 3 * height * width,
    0,
  );
}

export const laplacian: Param = {
  length,
  /** Levels of up to two pixels a cycle. */
  coarse(size, cycles) {
    const levels = Array.from({ length: LEVELS }, (_, level) => {
      const [height, width] = levelSize(size, level);
      return new Float32Array(3 * height * width).fill(Math.max(height, width) <= 2 * cycles ? 1 : 0);
    });
    return Float32Array.from(levels.flatMap((level) => [...level]));
  },
  plan(images, { image, gradient }, memory) {
    const { batch, size } = images;
    const count = 3 * batch * size[0] * size[1];
    const total = batch * length(size);
    const values = memory.buffer("pyramid", "param", 4 * total);
    const valuesGradient = memory.buffer("pyramid.gradient", "param", 4 * total);
    const colours = memory.buffer("colours", "workspace", 4 * count);
    const uniform = { batch, height: size[0], width: size[1], levels: LEVELS, length: length(size) };
    return {
      values,
      gradient: valuesGradient,
      forward: [
        dispatch(pyramid_forward, {
          ...{ label: "pyramid forward", uniform, workgroups: fold(count) },
          buffers: { input: values, output: colours },
        }),
        colourForward(images, { input: colours, output: image }),
      ],
      backward: [
        colourBackward(images, { input: gradient, output: colours, image }),
        dispatch(pyramid_backward, {
          ...{ label: "pyramid backward", uniform, workgroups: fold(total) },
          buffers: { input: colours, output: valuesGradient },
        }),
      ],
    };
  },
  noise: (normal, size) => Float32Array.from({ length: length(size) }, () => NOISE * normal()),
  fromRgb: (rgb, { size }) => Float32Array.from(decompose(decorrelate(rgb), size)),
};

/** Levels of a picture, finest first: each is what the coarser ones leave, so that they add up to it. */
function decompose(picture: Float64Array, size: Size): Float64Array {
  const levels: Float64Array[] = [];
  let rest = picture;
  for (let level = LEVELS - 1; level > 0; level--) {
    const small = levelSize(size, level);
    const coarse = shrink(rest, size, small);
    const enlarged = enlarge(coarse, small, size);
    rest = rest.map((value, i) => value - (enlarged[i] as number));
    levels.unshift(coarse);
  }
  const all = new Float64Array(length(size));
  let offset = 0;
  for (const values of [rest, ...levels]) {
    all.set(values, offset);
    offset += values.length;
  }
  return all;
}

/** Means of the blocks of each plane. */
function shrink(planes: Float64Array, [height, width]: Size, [rows, columns]: Size): Float64Array {
  const sums = new Float64Array(3 * rows * columns);
  const counts = new Float64Array(3 * rows * columns);
  for (let at = 0; at < planes.length; at++) {
    const [plane, y, x] = [Math.floor(at / (height * width)), Math.floor(at / width) % height, at % width];
    const block =
      (plane * rows + Math.floor((y * rows) / height)) * columns + Math.floor((x * columns) / width);
    sums[block] = (sums[block] as number) + (planes[at] as number);
    counts[block] = (counts[block] as number) + 1;
  }
  return sums.map((sum, i) => sum / (counts[i] as number));
}

/** Bilinear, as `pyramid_forward` enlarges a level. */
function enlarge(planes: Float64Array, [rows, columns]: Size, [height, width]: Size): Float64Array {
  const source = (i: number, part: number, whole: number) =>
    Math.min(part - 1, Math.max(0, ((i + 0.5) * part) / whole - 0.5));
  return Float64Array.from({ length: 3 * height * width }, (_, at) => {
    const plane = Math.floor(at / (height * width)) * rows * columns;
    const y = source(Math.floor(at / width) % height, rows, height);
    const x = source(at % width, columns, width);
    const [top, left] = [Math.floor(y), Math.floor(x)];
    const value = (i: number, j: number) =>
      planes[plane + Math.min(i, rows - 1) * columns + Math.min(j, columns - 1)] as number;
    const row = (i: number) => value(i, left) * (1 - x + left) + value(i, left + 1) * (x - left);
    return row(top) * (1 - y + top) + row(top + 1) * (y - top);
  });
}
