/** Finds a network's common name by the number of convolutions in each block and their channels. */
import { hasWeights } from "../nn/registry.ts";
import type { Layer } from "./network.ts";
import { convolutions } from "./shapes.ts";
import { CONVOLUTIONS_PER_BLOCK, WIDTHS } from "./vggs.ts";

type Convolutions = ReturnType<typeof convolutions>;

/** `VGG-19 to conv3_4`, `VGG-11 with batch norm`, `VGG-style, 9 convolutions`. */
export function networkName(layers: readonly Layer[], batchNorm: boolean): string {
  const convs = convolutions({ layers });
  const suffix = batchNorm ? " with batch norm" : "";
  const blocks = convolutionsPerBlock(convs);
  const known =
    hasStandardWidths(convs) && layers.every(isStandard)
      ? CONVOLUTIONS_PER_BLOCK.filter(([, standard]) => isPrefix(blocks, standard)).map(([name]) => name)
      : [];
  const complete = layers.some((layer) => layer.name === "logits");
  if (known.length === 0 || (complete && blocks.length < WIDTHS.length)) {
    return `VGG-style, ${convs.length} convolution${convs.length === 1 ? "" : "s"}${suffix}`;
  }
  const stop = layers.findLast(hasWeights)?.name;
  return known.join(" or ") + suffix + (complete ? "" : ` to ${stop}`);
}

/** The kinds of layers that the paper's networks are made of. */
function isStandard({ kind }: Layer): boolean {
  return ["conv", "relu", "maxpool", "avgpool", "linear"].includes(kind);
}

function convolutionsPerBlock(convs: Convolutions): readonly number[] {
  const blocks: number[] = [];
  for (const conv of convs) {
    const block = blockOf(conv);
    blocks[block - 1] = (blocks[block - 1] ?? 0) + 1;
  }
  return blocks;
}

/** From 1: 3 for `conv3_4`. */
function blockOf({ name }: Convolutions[number]): number {
  return Number(/^conv(\d+)_/.exec(name)?.[1]);
}

function hasStandardWidths(convs: Convolutions): boolean {
  return convs.every((conv) => conv.outputChannels === WIDTHS[blockOf(conv) - 1]);
}

/** Every block but the last has the standard's count; the last may have fewer. */
function isPrefix(blocks: readonly number[], standard: readonly number[]): boolean {
  return blocks.every((count, i) => {
    const expected = standard[i] ?? 0;
    return i === blocks.length - 1 ? count <= expected : count === expected;
  });
}
