/** Image tensors that methods are given. */
import { InputError } from "../../errors.ts";
import type { Tensor } from "../report.ts";

/** Batch, height and width of an image tensor. */
export function imageSize(shape: readonly number[]): [batch: number, height: number, width: number] {
  const [batch, channels, height, width] = shape;
  if (shape.length !== 4 || channels !== 3 || !batch || !height || !width) {
    throw new InputError(`image: expected shape [N,3,H,W], got [${shape.join(",")}]`);
  }
  return [batch, height, width];
}

/** Batch, height and width of an image tensor of finite numbers. */
export function finiteImage({ shape, data }: Tensor): [batch: number, height: number, width: number] {
  const size = imageSize(shape);
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw new InputError(`image: expected finite numbers, got ${data[bad]} at ${bad}`);
  return size;
}

/** Height and width of an image tensor that holds one image. */
export function onePhoto(image: Tensor): [height: number, width: number] {
  const { shape } = image;
  const [batch, height, width] = finiteImage(image);
  if (batch !== 1) throw new InputError(`image: expected one image, [1,3,H,W], got [${shape.join(",")}]`);
  return [height, width];
}
