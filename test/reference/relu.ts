import { expectSameShape, type Tensor } from "./tensor.ts";

/** y = max(x, 0). Any shape. */
export function reluForward(x: Tensor): Tensor {
  return { shape: x.shape, data: x.data.map((value) => Math.max(value, 0)) };
}

/**
 * dx = dy where x > 0, else 0: at exactly 0 the unit is off, as in PyTorch.
 *
 * @param dy gradient of the output
 * @param x the ReLU's input; the output serves as well, since both are positive at the same places
 */
export function reluBackward(dy: Tensor, x: Tensor): Tensor {
  expectSameShape(dy, x, "reluBackward");
  return { shape: dy.shape, data: dy.data.map((value, i) => (x.data[i]! > 0 ? value : 0)) };
}

/**
 * The redirected gradient of Lucid's `redirected_relu_grad`, decided image by image: where the masked
 * gradient of a whole image is zero, dy passes, except where the unit is off (x ≤ 0) and ascent would push
 * it further down (dy < 0). Other images get {@link reluBackward}.
 */
export function reluBackwardRedirect(dy: Tensor, x: Tensor): Tensor {
  const dx = reluBackward(dy, x);
  const perImage = dy.data.length / dy.shape[0];
  for (let n = 0; n < dy.shape[0]; n++) {
    const begin = n * perImage;
    if (dx.data.subarray(begin, begin + perImage).some((value) => value !== 0)) continue;
    for (let i = begin; i < begin + perImage; i++) {
      const pushesDown = x.data[i]! <= 0 && dy.data[i]! < 0;
      dx.data[i] = pushesDown ? 0 : dy.data[i]!;
    }
  }
  return dx;
}

/** For each image, 1 if the masked gradient of a ReLU keeps anything, else 0 and the ReLU is redirected. */
export function keepsGradient(dy: Tensor, x: Tensor): Uint32Array {
  const dx = reluBackward(dy, x).data;
  const perImage = dx.length / dy.shape[0];
  return Uint32Array.from({ length: dy.shape[0] }, (_, n) =>
    dx.subarray(n * perImage, (n + 1) * perImage).some((value) => value !== 0) ? 1 : 0,
  );
}

/** Guided backpropagation (Springenberg et al. 2015): {@link reluBackward} without negative gradients. */
export function reluBackwardGuided(dy: Tensor, x: Tensor): Tensor {
  const { shape, data } = reluBackward(dy, x);
  return { shape, data: data.map((value) => Math.max(value, 0)) };
}
