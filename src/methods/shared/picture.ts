/** How results become pictures. */
import { mapInGrey, mapOverPhoto } from "../../optvis/map-picture.ts";
import type { Drawn } from "../method.ts";
import type { Tensor } from "../report.ts";
import { onePhoto } from "./image.ts";

interface MadeMap {
  readonly tensors: { readonly map: Tensor };
}

/** `map` in grey: black is zero. */
export function greyMap({ tensors: { map } }: MadeMap): Drawn {
  return { rgb: mapInGrey(map.data), size: sizeOf(map) };
}

/** `map` in colours over the photograph it is about. */
export function mapOnPhoto({ tensors: { map } }: MadeMap, { image }: { readonly image: Tensor }): Drawn {
  return { rgb: mapOverPhoto(map.data, image.data), size: sizeOf(map) };
}

/** `image` as it is. */
export function imageAlone({ tensors: { image } }: { readonly tensors: { readonly image: Tensor } }): Drawn {
  return { rgb: image.data, size: onePhoto(image) };
}

function sizeOf({ shape }: Tensor): readonly [height: number, width: number] {
  return [shape[2] as number, shape[3] as number];
}
