/** What the attributes of ONNX' nodes say. */
import type { Edges, Pair } from "../checkpoint.ts";
import type { OnnxNode } from "./graph.ts";

export const NO_EDGES: Edges = { top: 0, left: 0, bottom: 0, right: 0 };

/** None where the attribute is missing. */
export function numbersOf({ attributes }: OnnxNode, name: string): readonly number[] {
  return attributes.get(name)?.numbers ?? [];
}

/** The decimal that somebody wrote, before it became a float32: 0.1 and not 0.10000000149. */
export function asWritten(number: number): number {
  return Number(number.toPrecision(7));
}

export function settingOf(node: OnnxNode, name: string, otherwise: number): number {
  return asWritten(numbersOf(node, name)[0] ?? otherwise);
}

export function pairOf(node: OnnxNode, name: string, otherwise: number): Pair {
  const [vertical = otherwise, horizontal = otherwise] = numbersOf(node, name);
  return [vertical, horizontal];
}

/** @param same zeros in all, vertical and horizontal, that keep the size */
export function paddingOf(node: OnnxNode, same: readonly number[]): Edges {
  const word = node.attributes.get("auto_pad")?.text ?? "NOTSET";
  if (word === "VALID") return NO_EDGES;
  if (word === "NOTSET" || word === "") {
    const [top = 0, left = 0, bottom = top, right = left] = numbersOf(node, "pads");
    return { top, left, bottom, right };
  }
  const less = word === "SAME_LOWER" ? Math.ceil : Math.floor;
  const [vertical = 0, horizontal = 0] = same.map((total) => Math.max(0, total));
  const [top, left] = [less(vertical / 2), less(horizontal / 2)];
  return { top, left, bottom: vertical - top, right: horizontal - left };
}

/** What Pad adds, by its begins and ends of batch, channels, height and width; undefined where that is no padding of pixels. */
export function edgesOfPad(pads: readonly number[]): Edges | undefined {
  const [batch, channels, top = 0, left = 0, batchEnd, channelsEnd, bottom = 0, right = 0] = pads;
  if (pads.length !== 8 || [batch, channels, batchEnd, channelsEnd].some((n) => n !== 0)) return undefined;
  return { top, left, bottom, right };
}

export function sumOfEdges(a: Edges, b: Edges): Edges {
  return {
    top: a.top + b.top,
    left: a.left + b.left,
    bottom: a.bottom + b.bottom,
    right: a.right + b.right,
  };
}
