/**
 * The layers of a module that was pickled whole, in order of execution, where its classes say that order: `Sequential` and
 * wrappers with one module inside. A class of somebody's own with several modules runs them as its code says, which is
 * never executed, so such a network has no graph.
 */
import { shown } from "../../errors.ts";
import type { Edges, GraphLayer, Pair } from "../checkpoint.ts";
import { Dict, Global, type PickleValue, Thing } from "./pickle.ts";
import { MAX_NAME, moduleParts } from "./torch-tensors.ts";

const MAX_DEPTH = 64;
const MAX_LAYERS = 4096;
/** Modules that are looked at: one may stand in many, each of which stands in many. */
const MAX_MODULES = 16384;

/** Undefined where no module was saved, or the order is not known. */
export function torchGraph(root: PickleValue): readonly GraphLayer[] | undefined {
  const found = rootModule(root);
  if (found === undefined) return undefined;
  const layers: GraphLayer[] = [];
  return list(found.module, found.name, 0, { layers, modules: 0 }) && layers.length > 0 ? layers : undefined;
}

/** What was saved, or the one module in a dictionary of things. */
function rootModule(root: PickleValue): { readonly module: Thing; readonly name: string } | undefined {
  if (root instanceof Thing) return { module: root, name: "" };
  if (!(root instanceof Dict)) return undefined;
  const modules = root.entries.flatMap(([name, module]) =>
    typeof name === "string" && module instanceof Thing && moduleParts(module) ? [{ name, module }] : [],
  );
  return modules.length === 1 ? modules[0] : undefined;
}

interface Found {
  readonly layers: GraphLayer[];
  modules: number;
}

/** False where the order is not known. */
function list(module: Thing, name: string, depth: number, found: Found): boolean {
  const { layers } = found;
  const parts = moduleParts(module);
  found.modules += 1;
  if (parts === undefined || depth > MAX_DEPTH) return false;
  if (layers.length > MAX_LAYERS || found.modules > MAX_MODULES || name.length > MAX_NAME) return false;
  const children = parts[2]?.entries ?? [];
  const type = className(module);
  if (type === "torch.nn.modules.container.Sequential" || (children.length === 1 && !isTorch(type))) {
    return children.every(
      ([key, child]) => child instanceof Thing && list(child, join(name, String(key)), depth + 1, found),
    );
  }
  if (!isTorch(type)) return false;
  if (children.length === 1 && type.endsWith(".DataParallel")) {
    const [[key, child] = ["", null]] = children;
    return child instanceof Thing && list(child, join(name, String(key)), depth + 1, found);
  }
  layers.push(layerOf(new Module(module, name, type.slice(type.lastIndexOf(".") + 1), parts)));
  return true;
}

/** One of PyTorch's own modules: its settings are its attributes. */
class Module {
  readonly name: string;
  readonly type: string;
  readonly #state: PickleValue;
  readonly #parts: readonly Dict[];

  constructor(module: Thing, name: string, type: string, parts: readonly Dict[]) {
    this.name = name;
    this.type = type;
    this.#state = module.state;
    this.#parts = parts;
  }

  get(attribute: string): PickleValue | undefined {
    return this.#state instanceof Dict ? this.#state.get(attribute) : undefined;
  }

  /** The name of a parameter or buffer, where it is there. */
  tensor(key: string): string | undefined {
    const value = this.#parts.slice(0, 2).map((part) => part.get(key));
    return value.some((one) => one !== undefined && one !== null) ? join(this.name, key) : undefined;
  }

  /** A number, or two, of an attribute. */
  pair(attribute: string): Pair | undefined {
    const value = this.get(attribute);
    const [height, width] = Array.isArray(value) ? value : [value, value];
    return typeof height === "number" && typeof width === "number" ? [height, width] : undefined;
  }

  other(why = ""): GraphLayer {
    return { kind: "other", name: this.name, what: why === "" ? this.type : `${this.type} (${why})` };
  }
}

const PLAIN = {
  ReLU: "relu",
  Tanh: "tanh",
  Sigmoid: "sigmoid",
  Softmax: "softmax",
  LogSoftmax: "softmax",
  Flatten: "flatten",
  Dropout: "dropout",
  Dropout2d: "dropout",
  Identity: "dropout",
} as const;

function layerOf(module: Module): GraphLayer {
  const { name, type } = module;
  switch (type) {
    case "Conv2d":
      return convolution(module);
    case "Linear": {
      const weight = module.tensor("weight");
      return weight === undefined
        ? module.other()
        : { kind: "dense", name, weight, ...optional(module, "bias") };
    }
    case "BatchNorm1d":
    case "BatchNorm2d":
      return batchNorm(module);
    case "LeakyReLU": {
      const slope = module.get("negative_slope");
      return typeof slope === "number" ? { kind: "leaky", name, slope } : module.other();
    }
    case "MaxPool2d":
    case "AvgPool2d":
      return pool(module, type === "MaxPool2d" ? "maxpool" : "avgpool");
    case "AdaptiveAvgPool2d": {
      const size = module.pair("output_size");
      return size && size[0] === size[1]
        ? { kind: "adaptiveavgpool", name, side: size[0] }
        : module.other(size && `to ${size.join("×")}`);
    }
    default:
      return Object.hasOwn(PLAIN, type) ? { kind: PLAIN[type as keyof typeof PLAIN], name } : module.other();
  }
}

function convolution(module: Module): GraphLayer {
  const weight = module.tensor("weight");
  const [kernel, stride, dilation] = [
    module.pair("kernel_size"),
    module.pair("stride"),
    module.pair("dilation"),
  ];
  const groups = module.get("groups");
  const mode = module.get("padding_mode") ?? "zeros";
  if (!weight || !kernel || !stride || !dilation || typeof groups !== "number") return module.other();
  if (mode !== "zeros") return module.other(`padded by ${shown(mode)}`);
  const padding = edges(module, kernel, dilation);
  if (padding === undefined) return module.other("its padding is not known");
  const { name } = module;
  return {
    kind: "conv",
    name,
    weight,
    ...optional(module, "bias"),
    kernel,
    stride,
    padding,
    dilation,
    groups,
  };
}

/** Numbers, or `same` and `valid`. PyTorch puts the odd one at the end. */
function edges(module: Module, kernel: Pair, dilation: Pair): Edges | undefined {
  const word = module.get("padding");
  if (word === "valid") return { top: 0, left: 0, bottom: 0, right: 0 };
  if (word === "same") {
    const [rows, columns] = kernel.map((n, i) => (n - 1) * (dilation[i] as number)) as [number, number];
    const [top, left] = [Math.floor(rows / 2), Math.floor(columns / 2)];
    return { top, left, bottom: rows - top, right: columns - left };
  }
  const pair = module.pair("padding");
  return pair && { top: pair[0], left: pair[1], bottom: pair[0], right: pair[1] };
}

function batchNorm(module: Module): GraphLayer {
  const [mean, variance] = [module.tensor("running_mean"), module.tensor("running_var")];
  const epsilon = module.get("eps");
  if (!mean || !variance) return module.other("without running statistics");
  if (typeof epsilon !== "number") return module.other("without eps");
  const { name } = module;
  const affine = { ...optional(module, "weight"), ...optional(module, "bias") };
  return { kind: "batchnorm", name, ...affine, mean, variance, epsilon };
}

function pool(module: Module, kind: "maxpool" | "avgpool"): GraphLayer {
  const kernel = module.pair("kernel_size");
  const stride = module.pair("stride") ?? kernel;
  const padding = module.pair("padding") ?? [0, 0];
  const dilation = module.pair("dilation") ?? [1, 1];
  if (!kernel || !stride) return module.other();
  if (module.get("ceil_mode") === true) return module.other("which rounds up");
  if (dilation.some((n) => n !== 1)) return module.other("dilated");
  const [rows, columns] = padding;
  const around = { top: rows, left: columns, bottom: rows, right: columns };
  return { kind, name: module.name, kernel, stride, padding: around };
}

function optional<Key extends string>(module: Module, key: Key): { readonly [key in Key]?: string } {
  const tensor = module.tensor(key);
  return (tensor === undefined ? {} : { [key]: tensor }) as { readonly [key in Key]?: string };
}

function className({ of }: Thing): string {
  return of instanceof Global ? of.path : "";
}

function isTorch(type: string): boolean {
  return type.startsWith("torch.nn.");
}

function join(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}
