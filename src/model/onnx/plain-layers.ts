/** Layers of ONNX that need to know nothing of those before them. */
import type { GraphLayer, Pair } from "../checkpoint.ts";
import type { OnnxNode } from "./graph.ts";
import { asWritten, numbersOf, paddingOf, pairOf } from "./settings.ts";

/** A layer; nothing, where a node does nothing; or what it is that cannot be run. */
export type Made = GraphLayer | string | undefined;

/** The constants that are settings, by name. */
export type SmallNumbers = ReadonlyMap<string, readonly number[]>;

export function learnedSlope({ name, inputs }: OnnxNode, small: SmallNumbers): Made {
  const slopes = small.get(inputs[1] ?? "");
  const slope = asWritten(slopes?.[0] ?? 0);
  if (slopes?.length !== 1) return "a PReLU with a slope for each channel";
  return { kind: "leaky", name, slope };
}

export function clip(node: OnnxNode, small: SmallNumbers): Made {
  const bound = (place: number, attribute: string): number | undefined =>
    small.get(node.inputs[place] ?? "")?.[0] ?? numbersOf(node, attribute)[0];
  const [least, most = Infinity] = [bound(1, "min"), bound(2, "max")];
  if (least === 0 && most > 3e38) return { kind: "relu", name: node.name };
  return least === 0 ? `a ReLU that ends at ${most} (Clip)` : "Clip";
}

/** @param sides of the map that comes in; 0 for one that is not known */
export function pool(node: OnnxNode, sides: Pair): Made {
  const { op, name, attributes } = node;
  const kind = op === "MaxPool" ? "maxpool" : "avgpool";
  const what = kind === "maxpool" ? "a max-pool" : "an average pool";
  if (numbersOf(node, "dilations").some((n) => n !== 1)) return `${what} with dilation`;
  const kernel = pairOf(node, "kernel_shape", 1);
  const stride = pairOf(node, "strides", 1);
  // Where windows tile the map, nothing is added at its end.
  const isTiled = sides.every((side, i) => side > 0 && side % (stride[i] as number) === 0);
  const atEnd =
    numbersOf(node, "ceil_mode")[0] === 1
      ? "rounds sizes up"
      : attributes.get("auto_pad")?.text.startsWith("SAME")
        ? "pads its input"
        : undefined;
  if (atEnd !== undefined && !isTiled) {
    const side = sides.every((n) => n > 0) ? `a map of ${sides.join("×")}` : "a map of unknown size";
    return `${what} that ${atEnd}, on ${side}`;
  }
  const padding = paddingOf(
    node,
    kernel.map((side, i) => side - (stride[i] as number)),
  );
  return { kind, name, kernel, stride, padding };
}

type Windowed = Extract<GraphLayer, { readonly kernel: Pair }>;

/** Sides of the map that a convolution or a pool makes; 0 for one that is not known. */
export function sidesAfter(layer: Windowed, [height, width]: Pair): Pair {
  const { kernel, stride, padding } = layer;
  const dilation = layer.kind === "conv" ? layer.dilation : ([1, 1] as const);
  const side = (before: number, around: number, axis: 0 | 1): number =>
    before === 0
      ? 0
      : Math.max(
          0,
          Math.floor((before + around - (kernel[axis] - 1) * dilation[axis] - 1) / stride[axis]) + 1,
        );
  return [side(height, padding.top + padding.bottom, 0), side(width, padding.left + padding.right, 1)];
}
