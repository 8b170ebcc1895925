/**
 * Counter-based random numbers: pcg4d (Jarzynski and Olano 2020, "Hash Functions for GPU Rendering",
 * listing in its appendix) of the counter (seed, step, op, index), exact in 32-bit arithmetic.
 */
export function randomBits(
  seed: number,
  step: number,
  op: number,
  index: number,
): readonly [number, number, number, number] {
  let [x, y, z, w] = [seed, step, op, index].map((v) => Math.imul(v, 1664525) + 1013904223) as Words;
  [x, y, z, w] = mix(x, y, z, w);
  [x, y, z, w] = [x, y, z, w].map((v) => v ^ (v >>> 16)) as Words;
  [x, y, z, w] = mix(x, y, z, w);
  return [x >>> 0, y >>> 0, z >>> 0, w >>> 0];
}

type Words = [number, number, number, number];

function mix(x: number, y: number, z: number, w: number): Words {
  x = (x + Math.imul(y, w)) | 0;
  y = (y + Math.imul(z, x)) | 0;
  z = (z + Math.imul(x, y)) | 0;
  w = (w + Math.imul(y, z)) | 0;
  return [x, y, z, w];
}

/** An integer of −p … p from 32 random bits. */
export function randomShift(bits: number, p: number): number {
  return (bits % (2 * p + 1)) - p;
}

/** The shift in iteration `step` of an image with a seed of its own; jitter is op 1 of the counter. */
export function jitterShift(seed: number, step: number, p: number): readonly [dy: number, dx: number] {
  const [first, second] = randomBits(seed, step, 1, 0);
  return [randomShift(first, p), randomShift(second, p)];
}
