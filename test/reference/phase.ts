/** s = e^(iθ), interleaved. */
export function phaseForward(phase: Float64Array): Float64Array {
  const spectrum = new Float64Array(2 * phase.length);
  for (const [i, angle] of phase.entries()) spectrum.set([Math.cos(angle), Math.sin(angle)], 2 * i);
  return spectrum;
}

/** dθ = cos θ · ds.imaginary − sin θ · ds.real. */
export function phaseBackward(ds: Float64Array, phase: Float64Array): Float64Array {
  return phase.map((angle, i) => Math.cos(angle) * ds[2 * i + 1]! - Math.sin(angle) * ds[2 * i]!);
}
