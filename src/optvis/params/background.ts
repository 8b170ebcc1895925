/**
 * Random backgrounds behind transparent images, drawn anew for every image and iteration (Lucid's `image_sample`). A
 * spectrum of normal numbers, scaled to the energy of natural images, becomes decorrelated colours, and by a sigmoid the picture.
 */
import { grain_alone } from "../../../shaders/grain.wgsl";
import { type BufferRef, type Dispatch, dispatch, fold } from "../../gpu/dispatch.ts";
import { coloursOf } from "../../nn/preprocess.ts";
import { colourForward } from "./colour.ts";
import { inverseTransform, scaleTable, spectrumLength } from "./fourier.ts";
import type { Images, Memory } from "./param.ts";

/** Standard deviation of the spectrum before it is scaled (Lucid's `collapse_alpha_random`: sd=0.5). */
const DEVIATION = 0.5;

/** Op of the counter of the random numbers; the transforms' begin with 1. */
const OP = 0;

/** @param output colours − mean, (N,C,H,W) */
export function background(
  images: Images,
  seed: number,
  { state, output }: { readonly state: BufferRef; readonly output: string },
  memory: Memory,
): Dispatch[] {
  const { batch, size } = images;
  const planes = coloursOf(images.mean);
  const stride = spectrumLength(planes, size);
  const count = batch * stride;
  const spectrum = memory.buffer("background.spectrum", "workspace", 4 * count);
  const colours = memory.buffer("colours", "workspace", 4 * planes * batch * size[0] * size[1]);
  const scale = { scale: scaleTable(size, memory), scalePlanes: 1 } as const;
  const transform = inverseTransform({ planes: planes * batch, size }, scale, memory);
  return [
    dispatch(grain_alone, {
      ...{ label: "background spectrum", buffers: { state, output: spectrum }, workgroups: fold(count) },
      uniform: { count, stride, sigma: DEVIATION, seed, op: OP },
      live: { seed: { key: "seed", scale: 1 } },
    }),
    ...transform.forward(spectrum, colours),
    colourForward(images, { input: colours, output }),
  ];
}
