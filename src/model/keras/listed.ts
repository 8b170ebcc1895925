/** The layers that a file of Keras' weights lists, in order of execution, also those without weights. */
import { WeightsError } from "../../errors.ts";
import type { Hdf5File } from "../hdf5/file.ts";
import type { ListedLayer } from "./alone.ts";
import { type KerasTensor, natural, roleOf } from "./tensors.ts";

export interface Listed {
  readonly layers: readonly ListedLayer[];
  /** Whether layers without weights are among them. */
  readonly complete: boolean;
}

/** Keras 1 and 2 list all layers. A nested model is one, whose own layers without weights are not told. */
export function listedKeras2(groups: ReadonlyMap<string, readonly KerasTensor[]>): Listed {
  const isNested = [...groups.values()].some((tensors) => owners(tensors).size > 1);
  const layers = [...groups].flatMap(([name, tensors]): readonly ListedLayer[] => {
    const own = owners(tensors);
    if (own.size <= 1) return [{ name, tensors: byRole(tensors) }];
    return [...own].map(([owner, some]) => ({ name: owner, tensors: byRole(some) }));
  });
  return { layers, complete: !isNested && layers.some(({ tensors }) => tensors.size === 0) };
}

/** By what stands before the last part of a name: `base/conv2d` of `base/conv2d/kernel:0`. */
function owners(tensors: readonly KerasTensor[]): ReadonlyMap<string, readonly KerasTensor[]> {
  const own = new Map<string, KerasTensor[]>();
  for (const tensor of tensors) {
    const owner = tensor.name.split("/").slice(0, -1).join("/");
    const others = own.get(owner);
    if (others === undefined) own.set(owner, [tensor]);
    else others.push(tensor);
  }
  return own;
}

function byRole(tensors: readonly KerasTensor[]): ReadonlyMap<string, KerasTensor> {
  return new Map(tensors.map((tensor) => [roleOf(tensor.name), tensor]));
}

const LAYER =
  /^(?:layers|_layer_checkpoint_dependencies)\/[^/]+(?:\/(?:layers|_layer_checkpoint_dependencies)\/[^/]+)*$/;

/**
 * Keras 3 makes a group for each layer, one after the other, and numbers those of a class. HDF5 lists them by name; their
 * places in the file are in the order of writing, unless numbers contradict.
 * @param byPath tensors of a layer, by its path
 */
export function listedKeras3(
  file: Hdf5File,
  byPath: ReadonlyMap<string, ReadonlyMap<string, KerasTensor>>,
): Listed {
  const paths = [...file.groups].filter((path) => LAYER.test(path));
  const leaves = paths.filter((path) => !paths.some((other) => other.startsWith(`${path}/`)));
  const place = new Map(leaves.map((path) => [path, lastByte(file, path)]));
  const written = leaves.toSorted((a, b) => (place.get(a) ?? 0) - (place.get(b) ?? 0));
  const layerOf = (path: string): ListedLayer => ({
    name: path.replace(/^(layers|_layer_checkpoint_dependencies)\//, ""),
    tensors: byPath.get(path) ?? new Map(),
  });
  if (isNumbered(written)) {
    return { layers: written.map(layerOf), complete: written.some((path) => !byPath.has(path)) };
  }
  return { layers: byNumbers(leaves.filter((path) => byPath.has(path)).map(layerOf)), complete: false };
}

/** Of all that was written for a layer. */
function lastByte(file: Hdf5File, path: string): number {
  const own = [...file.places].filter(([other]) => other === path || other.startsWith(`${path}/`));
  return own.reduce((last, [, at]) => Math.max(last, at), 0);
}

/** Whether the layers of each class come in the order of their numbers. */
function isNumbered(paths: readonly string[]): boolean {
  const last = new Map<string, string>();
  return paths.every((path) => {
    const stem = path.replace(/_\d+$/, "");
    const before = last.get(stem);
    last.set(stem, path);
    return before === undefined || natural(before, path) < 0;
  });
}

/** Convolutions and linear layers by their numbers, each with the batch norm of its place. */
function byNumbers(layers: readonly ListedLayer[]): readonly ListedLayer[] {
  const ordered = layers.toSorted((a, b) => natural(a.name, b.name));
  const norms = ordered.filter(({ tensors }) => tensors.has("moving_mean"));
  const ranked = (rank: number): readonly ListedLayer[] =>
    ordered.filter(({ tensors }) => tensors.get("kernel")?.stored.length === rank);
  const others = ordered.filter((layer) => !norms.includes(layer) && !layer.tensors.has("kernel"));
  const [convs, dense] = [ranked(4), ranked(2)];
  const normed = [...convs, ...dense].slice(0, norms.length);
  if (norms.length > 0 && norms.length !== convs.length && norms.length !== convs.length + dense.length - 1) {
    throw new WeightsError("Keras' weights alone do not say which layers their batch norm follows", {
      remedy: 'save the whole network: model.save("network.keras")',
    });
  }
  const withNorm = [...convs, ...dense].flatMap((layer) => {
    const norm = norms[normed.indexOf(layer)];
    return norm === undefined ? [layer] : [layer, norm];
  });
  return [...withNorm, ...others];
}
