/** Every image has the first one's numbers where `mask` is 1. @param values (N,length) */
export function shareForward(values: ArrayLike<number>, mask: ArrayLike<number>): Float64Array {
  return Float64Array.from(values, (value, at) => {
    const i = at % mask.length;
    return mask[i] === 1 ? values[i]! : value;
  });
}

/** The adjoint: what was shared adds up in the first image. */
export function shareBackward(gradient: ArrayLike<number>, mask: ArrayLike<number>): Float64Array {
  const out = Float64Array.from(gradient);
  const length = mask.length;
  for (let at = length; at < out.length; at++) {
    if (mask[at % length] !== 1) continue;
    out[at % length]! += out[at]!;
    out[at] = 0;
  }
  return out;
}
