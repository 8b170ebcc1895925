/** The VGGs that were published: Simonyan & Zisserman 2015, table 1, configurations A, B, D, E. */
import type { TensorShapes } from "./layer-tensors.ts";

/** Convolutions in each block. */
export const CONVOLUTIONS_PER_BLOCK: readonly (readonly [name: string, blocks: readonly number[]])[] = [
  ["VGG-11", [1, 1, 2, 2, 2]],
  ["VGG-13", [2, 2, 2, 2, 2]],
  ["VGG-16", [2, 2, 3, 3, 3]],
  ["VGG-19", [2, 2, 4, 4, 4]],
];

/** Channels of each block. */
export const WIDTHS: readonly number[] = [64, 128, 256, 512, 512];

const NORM_PARTS = ["weight", "bias", "running_mean", "running_var"];

/** torchvision's and timm's heads, for ImageNet's classes. */
const HEADS: readonly (readonly (readonly [base: string, weight: readonly number[]])[])[] = [
  [
    ["classifier.0", [4096, 25088]],
    ["classifier.3", [4096, 4096]],
    ["classifier.6", [1000, 4096]],
  ],
  [
    ["pre_logits.fc1", [4096, 512, 7, 7]],
    ["pre_logits.fc2", [4096, 4096, 1, 1]],
    ["head.fc", [1000, 4096]],
  ],
];

/**
 * Whether a file is `vgg11` to `vgg19`, with batch norm or without, whole and in the very names and shapes of torchvision or
 * timm. What stands between the layers of these is known.
 */
export function isPublishedFile(shapes: TensorShapes): boolean {
  const found = [...shapes.keys()].filter((name) => /^features\.\d+\.weight$/.test(name)).length;
  return CONVOLUTIONS_PER_BLOCK.some(([, blocks]) =>
    [false, true].some((batchNorm) => {
      const features = featuresOf(blocks, batchNorm);
      const weights = features.filter(([name]) => name.endsWith(".weight")).length;
      return found === weights && hasAll(shapes, features) && HEADS.some((head) => hasHead(shapes, head));
    }),
  );
}

type Named = readonly [name: string, shape: readonly number[]];

/** As torchvision's `make_layers` numbers them. */
function featuresOf(blocks: readonly number[], batchNorm: boolean): readonly Named[] {
  const tensors: Named[] = [];
  let [at, inputs] = [0, 3];
  for (const [block, count] of blocks.entries()) {
    const width = WIDTHS[block] as number;
    for (let i = 0; i < count; i++) {
      tensors.push([`features.${at}.weight`, [width, inputs, 3, 3]], [`features.${at}.bias`, [width]]);
      if (batchNorm) {
        tensors.push(...NORM_PARTS.map((part): Named => [`features.${at + 1}.${part}`, [width]]));
      }
      at += batchNorm ? 3 : 2;
      inputs = width;
    }
    at += 1;
  }
  return tensors;
}

function hasHead(shapes: TensorShapes, head: (typeof HEADS)[number]): boolean {
  return hasAll(
    shapes,
    head.flatMap(([base, weight]): Named[] => [
      [`${base}.weight`, weight],
      [`${base}.bias`, weight.slice(0, 1)],
    ]),
  );
}

function hasAll(shapes: TensorShapes, wanted: readonly Named[]): boolean {
  return wanted.every(([name, shape]) => shapes.get(name)?.join() === shape.join());
}
