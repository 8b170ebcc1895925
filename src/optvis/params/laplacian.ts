/**
 * Laplacian pyramid (Burt and Adelson 1983; Mordvintsev et al. 2016): the image is a sum of levels, each half the size
 * of the one before, so that a step moves large and small features alike. There are four, as in Lucid's
 * `laplacian_pyramid`. The sum is decorrelated colours, and a sigmoid makes the image of them.
 */
import { pyramid_backward, pyramid_forward } from "../../../shaders/pyramid.wgsl";
import { dispatch, fold } from "../../gpu/dispatch.ts";
import type { Size } from "../../model/network.ts";
import { coloursOf } from "../../nn/preprocess.ts";
import { colourBackward, colourForward, decorrelate } from "./colour.ts";
import type { Images, Memory, Param, ParamPasses, PlaneBuffers } from "./param.ts";

/** Level l has ⌈H/2^l⌉×⌈W/2^l⌉ pixels. */
export const LEVELS = 4;
/** Standard deviation of the noise start (Lucid: sd=0.01). */
const NOISE = 0.01;

function levelSize([height, width]: Size, level: number): Size {
  return [Math.ceil(height / 2 ** level), Math.ceil(width / 2 ** level)];
}

/** Numbers of one image: the levels of `planes` planes. */
function length(planes: number, size: Size): number {
  return Array.from({ length: LEVELS }, (_, level) => levelSize(size, level)).reduce(
    (sum, [height, width]) => sum + planes * height * width,
    0,
  );
}

/** Pyramids under `name`, `planes` an image, and the passes between them and the buffers of the planes. */
function pyramids(
  { name, planes }: { readonly name: string; readonly planes: number },
  { batch, size: [height, width] }: Images,
  { image, gradient }: PlaneBuffers,
  memory: Memory,
): ParamPasses {
  const each = length(planes, [height, width]);
  const values = memory.buffer(name, "param", 4 * batch * each);
  const valuesGradient = memory.buffer(`${name}.gradient`, "param", 4 * batch * each);
  const uniform = { batch, planes, height, width, levels: LEVELS, length: each };
  return {
    values,
    gradient: valuesGradient,
    forward: [
      dispatch(pyramid_forward, {
        ...{ label: "pyramid forward", uniform, workgroups: fold(planes * batch * height * width) },
        buffers: { input: values, output: image },
      }),
    ],
    backward: [
      dispatch(pyramid_backward, {
        ...{ label: "pyramid backward", uniform, workgroups: fold(batch * each) },
        buffers: { input: gradient, output: valuesGradient },
      }),
    ],
  };
}

export const laplacian: Param = {
  length: (size, colours) => length(colours, size),
  /** Levels of up to two pixels a cycle. */
  coarse(size, cycles, colours) {
    const levels = Array.from({ length: LEVELS }, (_, level) => {
      const [height, width] = levelSize(size, level);
      return new Float32Array(colours * height * width).fill(Math.max(height, width) <= 2 * cycles ? 1 : 0);
    });
    return Float32Array.from(levels.flatMap((level) => [...level]));
  },
  plan(images, { image, gradient }, memory) {
    const { batch, size } = images;
    const count = coloursOf(images.mean);
    const colours = memory.buffer("colours", "workspace", 4 * count * batch * size[0] * size[1]);
    const planes = { image: colours, gradient: colours };
    const passes = pyramids({ name: "pyramid", planes: count }, images, planes, memory);
    return {
      ...passes,
      forward: [...passes.forward, colourForward(images, { input: colours, output: image })],
      backward: [colourBackward(images, { input: gradient, output: colours, image }), ...passes.backward],
    };
  },
  noise: (normal, size, colours) =>
    Float32Array.from({ length: length(colours, size) }, () => NOISE * normal()),
  fromPicture: (picture, { size, mean }) =>
    Float32Array.from(decompose(decorrelate(picture, coloursOf(mean)), size)),
  plane: {
    slope: 1,
    length: (size) => length(1, size),
    plan: (images, buffers, memory) =>
      pyramids({ name: "alpha.pyramid", planes: 1 }, images, buffers, memory),
    fromPlane: (plane, size) => Float32Array.from(decompose(plane, size)),
  },
};

/** Levels of planes, the finest first. Each is what the coarser ones leave over, so that all add up to the planes. */
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
  const all = new Float64Array(length(picture.length / (size[0] * size[1]), size));
  let offset = 0;
  for (const values of [rest, ...levels]) {
    all.set(values, offset);
    offset += values.length;
  }
  return all;
}

/** Means of the blocks of each plane. */
function shrink(planes: Float64Array, [height, width]: Size, [rows, columns]: Size): Float64Array {
  const sums = new Float64Array((planes.length / (height * width)) * rows * columns);
  const counts = new Float64Array(sums.length);
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
  return Float64Array.from({ length: (planes.length / (rows * columns)) * height * width }, (_, at) => {
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
