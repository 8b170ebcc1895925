/** Names of the buffers that the parts of a plan share, and that an ascent writes and reads. */

/** Iterations whose objective values the ring on the GPU holds, so the most that one submission may make. */
export const RING = 256;

/** The resident image. */
export const IMAGE = "image";
/** The image of the iterations that run at half the size. */
export const COARSE_IMAGE = "image.coarse";
export const GRADIENT = "gradient";
export const STATE = "state";
/** Objective values of the last iterations, [RING, N], L2 included. */
export const VALUES = "objective";
/** Objective at the resident image, [N], without L2. */
export const VALUE_NOW = "objective.now";
/** Mean and gain of the resident images, [N, 2], where they are shown standardised. */
export const STATISTICS = "statistics";
/** Partial sums of the terms, of L2 and of the gradient's norm. */
export const PARTIALS = "partials";

/** Name of a moment of the optimizer, which is zeros at the start. */
export function momentName(image: string, i: number): string {
  return `${image}.moment${i}`;
}

export function isMoment(buffer: string): boolean {
  return buffer.includes(".moment");
}
