/** A Keras file's tensors: by which names, of which layers, and in which order their numbers are. */
import { shown, WeightsError } from "../../errors.ts";
import type { CheckpointTensor } from "../checkpoint.ts";
import type { Hdf5File } from "../hdf5/file.ts";
import type { KerasLayer, LayerPlace } from "./config.ts";
import { type Listed, listedKeras2, listedKeras3 } from "./listed.ts";
import { decapitalized } from "./snake-case.ts";

/** A tensor of a Keras file. */
export interface KerasTensor {
  readonly name: string;
  /** Of its dataset. */
  readonly path: string;
  /** As in the file. */
  readonly stored: readonly number[];
  readonly type: string;
}

export interface KerasTensors {
  /** In the file's order. */
  readonly all: readonly KerasTensor[];
  /** The layers in order of execution, as far as the file tells it. */
  listed(): Listed;
  /** Of one layer, by what they are to it: `kernel`, `bias`, `gamma`, … */
  ofLayer(layer: KerasLayer): ReadonlyMap<string, KerasTensor>;
}

/** Keras 1 and 2: groups of layers, whose attributes list the weights in order. */
export async function readKeras2(file: Hdf5File, root: string): Promise<KerasTensors> {
  const all: KerasTensor[] = [];
  const byGroup = new Map<string, KerasTensor[]>();
  for (const layer of new Set(await chunkedTexts(file, root, "layer_names"))) {
    const group = root === "" ? layer : `${root}/${layer}`;
    const tensors: KerasTensor[] = [];
    for (const weight of await chunkedTexts(file, group, "weight_names")) {
      const path = `${group}/${weight}`;
      const dataset = file.datasets.get(path);
      if (dataset === undefined) continue;
      const name = weight.includes("/") ? weight : `${layer}/${weight}`;
      tensors.push({ name, path, stored: dataset.shape, type: dataset.type.name });
      if (tensors.length + all.length > file.datasets.size) throw twice(path);
    }
    byGroup.set(layer, tensors);
    all.push(...tensors);
  }
  return {
    all,
    listed: () => listedKeras2(byGroup),
    ofLayer(layer) {
      // A nested model's weights lie in its own group, each under its layer's name.
      const outer = layer.within[0];
      const tensors = byGroup.get(outer?.name ?? layer.name) ?? [];
      const own = tensors.filter(
        ({ name }) => outer === undefined || name.split("/").slice(0, -1).includes(layer.name),
      );
      return new Map(own.map((tensor) => [roleOf(tensor.name), tensor]));
    },
  };
}

function twice(path: string): WeightsError {
  return new WeightsError(`Keras' weights list ${shown(path)} twice`, {
    remedy: "the file is damaged; download it or save it again",
  });
}

/** Long lists are cut into attributes that are numbered: `weight_names0`, `weight_names1`. */
async function chunkedTexts(file: Hdf5File, path: string, attribute: string): Promise<readonly string[]> {
  const whole = await file.texts(path, attribute);
  if (whole !== undefined) return whole;
  const texts: string[] = [];
  for (let i = 0; i < 64; i++) {
    const part = await file.texts(path, `${attribute}${i}`);
    if (part === undefined) break;
    texts.push(...part);
  }
  return texts;
}

/** `conv2d/kernel:0` → `kernel`; `block1_conv1_W_1:0` of Keras 1 → `kernel`. */
export function roleOf(name: string): string {
  const last = (name.split("/").at(-1) ?? name).replace(/:\d+$/, "");
  const old = /_(W|b|gamma|beta|running_mean|running_std)(_\d+)?$/.exec(last)?.[1];
  if (old !== undefined) return OLD_ROLES.get(old) ?? old;
  return last.replace(/_\d+$/, "");
}

const OLD_ROLES: ReadonlyMap<string, string> = new Map([
  ["W", "kernel"],
  ["b", "bias"],
  ["running_mean", "moving_mean"],
  ["running_std", "moving_variance"],
]);

/** Keras 3: `layers/conv2d_1/vars/0`, where a layer is its class in snake case and how many came before it. */
export function readKeras3(file: Hdf5File): KerasTensors {
  const all: KerasTensor[] = [];
  const byLayer = new Map<string, KerasTensor[]>();
  const vars = [...file.datasets].filter(([path]) => VARIABLE.test(path));
  for (const [path, dataset] of vars.sort(([a], [b]) => natural(a, b))) {
    const [, layer = "", index = ""] = VARIABLE.exec(path) ?? [];
    const siblings = byLayer.get(layer) ?? [];
    byLayer.set(layer, siblings);
    const name = `${layer
      .split("/")
      .filter((part) => !CONTAINER.test(part))
      .join("/")}/${index}`;
    const tensor = { name, path, stored: dataset.shape, type: dataset.type.name };
    siblings[Number(index)] = tensor;
  }
  const named = new Map<string, ReadonlyMap<string, KerasTensor>>();
  for (const [layer, found] of byLayer) {
    const roles = rolesOf(found);
    const tensors = [...found.entries()]
      .filter(([, tensor]) => tensor !== undefined)
      .map(([i, tensor]) => {
        const role = roles[i] ?? String(i);
        return [role, { ...tensor, name: tensor.name.replace(/\d+$/, role) }] as const;
      });
    named.set(layer, new Map(tensors));
    all.push(...tensors.map(([, tensor]) => tensor));
  }
  return {
    all,
    listed: () => listedKeras3(file, named),
    ofLayer: (layer) => {
      const places = [...layer.within, layer.place];
      for (const container of ["layers", "_layer_checkpoint_dependencies"]) {
        for (const spell of [byClass, ({ name }: LayerPlace) => name]) {
          const found = named.get(places.map((place) => `${container}/${spell(place)}`).join("/"));
          if (found !== undefined) return rolesByLayer(layer, found);
        }
      }
      return new Map();
    },
  };
}

const VARIABLE = /^((?:(?:layers|_layer_checkpoint_dependencies)\/[^/]+\/?)+)\/vars\/(\d{1,2})$/;
const CONTAINER = /^(layers|_layer_checkpoint_dependencies)$/;

function byClass({ className, nth }: LayerPlace): string {
  const base = decapitalized(className);
  return nth === 0 ? base : `${base}_${nth}`;
}

/** What variables are, as far as their shapes say: a kernel and a bias, or the four of batch norm. */
function rolesOf(found: readonly (KerasTensor | undefined)[]): readonly string[] {
  const ranks = found.map((tensor) => tensor?.stored.length ?? 0);
  if ((ranks[0] ?? 0) >= 2) return ["kernel", "bias"];
  return found.length === 4 ? ["gamma", "beta", "moving_mean", "moving_variance"] : [];
}

/** With the layer's settings, which say what batch norm leaves out. */
function rolesByLayer(
  { className, config }: KerasLayer,
  found: ReadonlyMap<string, KerasTensor>,
): ReadonlyMap<string, KerasTensor> {
  const tensors = [...found.values()];
  const roles =
    className === "BatchNormalization"
      ? [
          ...(config["scale"] === false ? [] : ["gamma"]),
          ...(config["center"] === false ? [] : ["beta"]),
          "moving_mean",
          "moving_variance",
        ]
      : className === "Normalization"
        ? ["mean", "variance", "count"]
        : [...found.keys()];
  return new Map(tensors.map((tensor, i) => [roles[i] ?? String(i), tensor]));
}

/** `conv2d_2` before `conv2d_10`. */
export function natural(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}

/** How a tensor's numbers are turned: HWIO to OIHW, IO to OI; else as they are. */
export type Turn = "conv" | "dense" | "none";

export function turnOf({ name, stored }: KerasTensor): Turn {
  const isKernel = roleOf(name) === "kernel";
  if (isKernel && stored.length === 4) return "conv";
  return isKernel && stored.length === 2 ? "dense" : "none";
}

export function turnedShape(tensor: KerasTensor): CheckpointTensor {
  const { stored, type } = tensor;
  const [a = 0, b = 0, c = 0, d = 0] = stored;
  const turn = turnOf(tensor);
  return { type, shape: turn === "conv" ? [d, c, a, b] : turn === "dense" ? [b, a] : stored };
}

/** Where a flatten stood before a dense layer: the shape that it flattened, height, width, channels. */
export type Flattened = readonly [height: number, width: number, channels: number];

/**
 * HWIO → OIHW; IO → OI, with the inputs from HWC to CHW where they were flattened in that order; of a vector of features
 * (batch norm after a flatten) likewise.
 */
export function turnNumbers(
  from: Float32Array<ArrayBuffer>,
  stored: readonly number[],
  turn: Turn,
  flattened: Flattened | undefined,
): Float32Array<ArrayBuffer> {
  // Without numbers, sides may be of any size.
  if (from.length === 0 || (turn === "none" && flattened === undefined)) return from;
  const to = new Float32Array(from.length);
  if (turn === "conv") {
    const [height = 0, width = 0, inputs = 0, outputs = 0] = stored;
    const pixels = height * width;
    for (let p = 0, i = 0; p < pixels; p++)
      for (let input = 0; input < inputs; input++)
        for (let output = 0; output < outputs; output++, i++)
          to[(output * inputs + input) * pixels + p] = from[i] as number;
    return to;
  }
  const inputs = stored[0] ?? 0;
  const outputs = turn === "dense" ? (stored[1] ?? 0) : 1;
  for (let i = 0; i < inputs; i++) {
    const input = flattened === undefined ? i : inChannels(i, flattened);
    for (let output = 0; output < outputs; output++)
      to[output * inputs + input] = from[i * outputs + output] as number;
  }
  return to;
}

function inChannels(index: number, [height, width, channels]: Flattened): number {
  const pixel = Math.floor(index / channels);
  return (index % channels) * height * width + pixel;
}
