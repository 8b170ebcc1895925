/** Makes layers of ONNX' nodes, in the order in which they run. @see https://onnx.ai/onnx/operators/ */
import { shown } from "../../errors.ts";
import type { GraphLayer, Pair } from "../checkpoint.ts";
import { elementCount } from "../safetensors.ts";
import type { OnnxChain } from "./chain.ts";
import type { OnnxGraph, OnnxNode } from "./graph.ts";
import { PixelScaling } from "./pixel-scaling.ts";
import { clip, learnedSlope, type Made, pool, type SmallNumbers, sidesAfter } from "./plain-layers.ts";
import { edgesOfPad, NO_EDGES, numbersOf, paddingOf, pairOf, settingOf, sumOfEdges } from "./settings.ts";
import type { OnnxTensor } from "./tensors.ts";

/** How a tensor is shown and read where that is not as the file has it. */
export interface Presented {
  readonly shape: readonly number[];
  /** A matrix (inputs, outputs) becomes (outputs, inputs). */
  readonly transposed: boolean;
  /** Inputs come position by position, so many channels at each; they are put channel by channel. */
  readonly channelsLast?: number;
}

/** Operators that cannot be run, as people call them. */
const WORDS: Readonly<Record<string, string>> = {
  ConvTranspose: "a transposed convolution",
  Resize: "a change of size (Resize)",
  Upsample: "a change of size (Upsample)",
  QLinearConv: "a quantized convolution",
  ConvInteger: "a quantized convolution",
  QuantizeLinear: "a quantized number (QuantizeLinear)",
  DequantizeLinear: "a quantized number (DequantizeLinear)",
  InstanceNormalization: "an instance normalization",
  LRN: "a local response normalization (LRN)",
};

const SHARED = "a layer that shares its weights with another, which reads them in another order";

/** Takes nodes one by one. After a node that cannot be run it takes no more. */
export class LayerReader {
  readonly #graph: OnnxGraph;
  readonly #small: SmallNumbers;
  readonly #layers: GraphLayer[] = [];
  readonly #presented = new Map<string, Presented>();
  #channels: number;
  readonly #shape: readonly number[];
  /** Of the map; 0 for one that is not known. */
  #sides: Pair;
  /** Channels come last between two transpositions. */
  #channelsLast = false;
  /** Channels of the map that was flattened position by position. */
  #flattened: number | undefined;
  /** Zeros that stand around the map which comes next. */
  #padded = NO_EDGES;
  readonly #pixels = new PixelScaling();
  isRefused = false;

  /** @param small the constants that are settings @param shape of the input */
  constructor(graph: OnnxGraph, small: SmallNumbers, shape: readonly number[]) {
    this.#graph = graph;
    this.#small = small;
    this.#channels = shape[1] ?? 0;
    this.#shape = shape;
    this.#sides = [shape[2] ?? 0, shape[3] ?? 0];
  }

  chain(): OnnxChain {
    return {
      layers: this.#layers,
      presented: this.#presented,
      preprocess: this.#pixels.preprocess,
    };
  }

  refuse(name: string, what: string): void {
    this.#layers.push({ kind: "other", name, what });
    this.isRefused = true;
  }

  /** @param value the name of what comes in */
  add(node: OnnxNode, value: string): void {
    const made = this.#layerOf(node, value);
    if (typeof made === "string") this.refuse(node.name, made);
    else if (made !== undefined) this.#layers.push(made);
    if (typeof made === "object" && "kernel" in made) this.#sides = sidesAfter(made, this.#sides);
  }

  #layerOf(node: OnnxNode, value: string): Made {
    const { op, name } = node;
    if (this.#padded !== NO_EDGES && op !== "Conv") return `zeros around a map before ${op} (Pad)`;
    switch (op) {
      case "Conv":
        return this.#convolution(node, value);
      case "Gemm":
      case "MatMul":
        return this.#dense(node, value);
      case "BatchNormalization":
        return this.#batchNorm(node);
      case "Relu":
        return { kind: "relu", name };
      case "Tanh":
      case "Sigmoid":
        return { kind: op === "Tanh" ? "tanh" : "sigmoid", name };
      case "Softmax":
      case "LogSoftmax":
        return { kind: "softmax", name };
      case "LeakyRelu":
        return { kind: "leaky", name, slope: settingOf(node, "alpha", 0.01) };
      case "PRelu":
        return learnedSlope(node, this.#small);
      case "Clip":
        return clip(node, this.#small);
      case "MaxPool":
      case "AveragePool":
        return this.#channelsLast ? "a pool of channels that come last" : pool(node, this.#sides);
      case "GlobalAveragePool":
        return { kind: "globalavgpool", name };
      case "ReduceMean":
        return this.#mean(node);
      case "Flatten":
      case "Reshape":
      case "Squeeze":
        return this.#flatten(node);
      case "Dropout":
        return { kind: "dropout", name };
      case "Identity":
      case "Cast":
        return undefined;
      case "Transpose":
        return this.#transpose(node);
      case "Pad":
        return this.#pad(node);
      case "Add":
      case "Sub":
      case "Mul":
      case "Div":
        return this.#arithmetic(node, value);
      default:
        if (Object.hasOwn(WORDS, op)) return WORDS[op];
        return op === "" ? "a node without a kind" : shown(op).replaceAll('"', "");
    }
  }

  /** A constant that has so many dimensions; undefined where there is none. */
  #constant(name: string | undefined, dimensions?: number): OnnxTensor | undefined {
    const tensor = name === undefined ? undefined : this.#graph.constants.get(name);
    return dimensions === undefined || tensor?.shape.length === dimensions ? tensor : undefined;
  }

  #convolution(node: OnnxNode, value: string): Made {
    const { name, inputs } = node;
    const weight = this.#graph.constants.get(inputs[1] ?? "");
    if (weight === undefined || inputs[0] !== value) {
      return "a convolution whose weights are not in the file";
    }
    const dimensions = weight.shape.length - 2;
    if (dimensions !== 2) return `a convolution in ${dimensions} dimensions`;
    if (this.#channelsLast) return "a convolution of channels that come last";
    const [outputs = 0, , height = 0, width = 0] = weight.shape;
    const kernel = [height, width] as const;
    const bias = inputs[2] ? this.#vector(inputs[2], outputs) : undefined;
    if (inputs[2] && bias === undefined) {
      return "a convolution whose bias is not in the file";
    }
    const dilation = pairOf(node, "dilations", 1);
    this.#channels = outputs;
    const before = this.#padded;
    this.#padded = NO_EDGES;
    const own = paddingOf(
      node,
      kernel.map((side, i) => (side - 1) * (dilation[i] as number)),
    );
    return {
      kind: "conv",
      name,
      weight: weight.name,
      ...(bias === undefined ? {} : { bias }),
      kernel,
      stride: pairOf(node, "strides", 1),
      padding: sumOfEdges(own, before),
      dilation,
      groups: numbersOf(node, "group")[0] ?? 1,
    };
  }

  #dense(node: OnnxNode, value: string): Made {
    const { op, name, inputs } = node;
    const weight = this.#constant(inputs[1], 2);
    if (weight === undefined || inputs[0] !== value) {
      return "a product of two things that are worked out (MatMul), as attention has";
    }
    const number = (attribute: string, otherwise: number) => numbersOf(node, attribute)[0] ?? otherwise;
    const isPlain = op === "MatMul" || (number("alpha", 1) === 1 && number("beta", 1) === 1);
    if (!isPlain || number("transA", 0) !== 0) {
      return "a linear layer with factors of its own (Gemm with alpha, beta or transA)";
    }
    const transposed = op === "MatMul" || number("transB", 0) === 0;
    const [rows = 0, columns = 0] = weight.shape;
    const shape = transposed ? [columns, rows] : [rows, columns];
    const flattened = this.#flattened;
    this.#flattened = undefined;
    const order = flattened === undefined ? {} : { channelsLast: flattened };
    if (!this.#present(weight.name, { shape, transposed, ...order })) return SHARED;
    const bias = inputs[2] ? this.#vector(inputs[2], shape[0] ?? 0) : undefined;
    if (inputs[2] && bias === undefined) {
      return "a linear layer whose bias is not in the file";
    }
    return { kind: "dense", name, weight: weight.name, ...(bias === undefined ? {} : { bias }) };
  }

  #present(name: string, presented: Presented): boolean {
    const before = this.#presented.get(name);
    if (before !== undefined) return JSON.stringify(before) === JSON.stringify(presented);
    this.#presented.set(name, presented);
    return true;
  }

  /** The name of a constant of so many numbers, which is then shown as a vector, whatever ones its shape has. */
  #vector(name: string, length: number): string | undefined {
    const tensor = this.#constant(name);
    if (tensor === undefined || elementCount(tensor.shape) !== length) return undefined;
    return this.#present(name, { shape: [length], transposed: false }) ? name : undefined;
  }

  #batchNorm(node: OnnxNode): Made {
    const { name, inputs } = node;
    const [, weight = "", bias = "", mean = "", variance = ""] = inputs;
    if ([weight, bias, mean, variance].some((one) => this.#constant(one, 1) === undefined)) {
      return "a batch norm whose numbers are not in the file";
    }
    if (this.#channelsLast) return "a batch norm of channels that come last";
    const epsilon = settingOf(node, "epsilon", 1e-5);
    return { kind: "batchnorm", name, weight, bias, mean, variance, epsilon };
  }

  #pad(node: OnnxNode): Made {
    const pads = this.#small.get(node.inputs[1] ?? "") ?? numbersOf(node, "pads");
    if (pads.length > 0 && pads.every((n) => n === 0)) return undefined;
    const edges = edgesOfPad(pads);
    const mode = node.attributes.get("mode")?.text ?? "constant";
    const value = this.#small.get(node.inputs[2] ?? "")?.[0] ?? numbersOf(node, "value")[0] ?? 0;
    if (edges === undefined || mode !== "constant" || value !== 0)
      return "a border that is not of zeros (Pad)";
    this.#padded = edges;
    return undefined;
  }

  #mean(node: OnnxNode): Made {
    const axes = this.#small.get(node.inputs[1] ?? "") ?? numbersOf(node, "axes");
    const places = axes.map((axis) => (axis + 4) % 4).sort();
    if (places.join() !== (this.#channelsLast ? "1,2" : "2,3")) return "ReduceMean";
    this.#channelsLast = false;
    return { kind: "globalavgpool", name: node.name };
  }

  #flatten(node: OnnxNode): Made {
    if (!this.#isFlatten(node)) return `${node.op} to another shape than a flat one`;
    if (this.#channelsLast) this.#flattened = this.#channels;
    this.#channelsLast = false;
    return { kind: "flatten", name: node.name };
  }

  #isFlatten(node: OnnxNode): boolean {
    const { op, inputs } = node;
    if (op === "Flatten") return (numbersOf(node, "axis")[0] ?? 1) === 1;
    const last = this.#layers.findLast(({ kind }) => kind !== "dropout");
    if (op === "Squeeze") return last?.kind === "globalavgpool";
    const sizes = this.#small.get(inputs[1] ?? "") ?? numbersOf(node, "shape");
    if (sizes.length > 0) return sizes.length === 2;
    // Sizes that are worked out: those of PyTorch's `x.view(x.size(0), -1)`.
    const maker = this.#graph.nodes.find(({ outputs }) => outputs.includes(inputs[1] ?? "\0"));
    const rest = maker?.op === "Concat" && maker.inputs.length === 2 ? maker.inputs[1] : undefined;
    return rest !== undefined && this.#small.get(rest)?.join() === "-1";
  }

  #transpose(node: OnnxNode): Made {
    const order = numbersOf(node, "perm").join();
    const isAtStart = this.#layers.length === 0;
    if (isAtStart) this.#sides = [this.#shape[1] ?? 0, this.#shape[2] ?? 0];
    if (order === "0,3,1,2" && (isAtStart || this.#channelsLast)) this.#channelsLast = false;
    else if (order === "0,2,3,1" && !isAtStart && !this.#channelsLast) this.#channelsLast = true;
    else return `Transpose (${order})`;
    return undefined;
  }

  /** A bias, or what is done to the pixels before the first layer. */
  #arithmetic({ op, inputs }: OnnxNode, value: string): Made {
    const other = inputs.find((input) => input !== value) ?? "";
    const constant = this.#constant(other);
    if (constant === undefined) return `${op} of two branches`;
    const numbers = this.#small.get(other);
    const isFirst = inputs[0] === value;
    if (this.#layers.length === 0 && numbers && (numbers.length === 1 || numbers.length === 3)) {
      if (isFirst || op === "Add" || op === "Mul") {
        this.#pixels.add(op, numbers);
        return undefined;
      }
      return `${op} of pixels from a constant`;
    }
    if (op === "Add" && this.#takeBias(other)) return undefined;
    return `${op} with a constant`;
  }

  #takeBias(other: string): boolean {
    const last = this.#layers.at(-1);
    if ((last?.kind !== "conv" && last?.kind !== "dense") || last.bias !== undefined) return false;
    const weight = this.#constant(last.weight);
    const outputs = (this.#presented.get(last.weight) ?? weight)?.shape[0] ?? 0;
    const sizes = this.#constant(other)?.shape ?? [];
    const behind = last.kind === "conv" ? 2 : 0;
    const fits = sizes.length > behind && sizes[sizes.length - 1 - behind] === outputs;
    const bias = fits ? this.#vector(other, outputs) : undefined;
    if (bias === undefined) return false;
    this.#layers[this.#layers.length - 1] = { ...last, bias };
    return true;
  }
}
