/** Every image has the first one's numbers where `mask` is 1. @param values (N,length) */
export function shareForward(values: ArrayLike<number>, mask: ArrayLike<number>): Float64Array {
  return Float64Array.from(values, (value, at) => {
    const i = at % mask.length;
    return mask[i] === 1 ? values[i]! : value;
  });
}

/** A shared number has one derivative, the sum over the images; every image gets it. @param gradient (N,length) */
export function shareBackward(gradient: ArrayLike<number>, mask: ArrayLike<number>): Float64Array {
  const length = mask.length;
  const sums = new Float64Array(length);
  for (let at = 0; at < gradient.length; at++) sums[at % length]! += gradient[at]!;
  return Float64Array.from(gradient, (value, at) => (mask[at % length] === 1 ? sums[at % length]! : value));
}
