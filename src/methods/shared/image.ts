/** Image tensors that methods are given. */
import { InputError } from "../../errors.ts";
import type { Model } from "../../model/network.ts";
import { imageChannels } from "../../model/shapes.ts";
import { allInColours } from "../../optvis/grey.ts";
import type { Tensor } from "../report.ts";

/** A method's options, `image` in the colours that the network reads. @throws InputError for grey images of RGB's network */
export function inNetworksColours<Options>({ network }: Pick<Model, "network">, options: Options): Options {
  const { image } = options as { readonly image?: Tensor };
  if (image?.shape.length !== 4) return options;
  const colours = imageChannels(network);
  const [batch, height, width] = imageSize(image.shape);
  if (image.shape[1] === colours) return options;
  if (colours === 3) throw unfit(image.shape);
  const data = allInColours(image.data, batch, height * width, colours);
  return { ...options, image: { shape: [batch, colours, height, width], data } };
}

/** Batch, height and width of an image tensor, RGB or grey. */
export function imageSize(shape: readonly number[]): [batch: number, height: number, width: number] {
  const [batch, channels, height, width] = shape;
  const isImage = shape.length === 4 && (channels === 3 || channels === 1);
  if (!isImage || !batch || !height || !width) throw unfit(shape);
  return [batch, height, width];
}

function unfit(shape: readonly number[]): InputError {
  return new InputError(`image: expected shape [N,3,H,W], got [${shape.join(",")}]`);
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
