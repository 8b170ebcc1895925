/** Layers of ONNX that need to know nothing of those before them. */
import type { GraphLayer } from "../checkpoint.ts";
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

export function pool(node: OnnxNode): Made {
  const { op, name } = node;
  const kind = op === "MaxPool" ? "maxpool" : "avgpool";
  const what = kind === "maxpool" ? "a max-pool" : "an average pool";
  if (numbersOf(node, "ceil_mode")[0] === 1) return `${what} that rounds sizes up`;
  if (numbersOf(node, "dilations").some((n) => n !== 1)) return `${what} with dilation`;
  const kernel = pairOf(node, "kernel_shape", 1);
  const stride = pairOf(node, "strides", 1);
  const padding = paddingOf(
    node,
    kernel.map((side, i) => side - (stride[i] as number)),
  );
  return { kind, name, kernel, stride, padding };
}
