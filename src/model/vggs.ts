/** The VGGs that were published: Simonyan & Zisserman 2015, table 1, configurations A, B, D, E. */
/** Convolutions in each block. */
export const CONVOLUTIONS_PER_BLOCK: readonly (readonly [name: string, blocks: readonly number[]])[] = [
  ["VGG-11", [1, 1, 2, 2, 2]],
  ["VGG-13", [2, 2, 2, 2, 2]],
  ["VGG-16", [2, 2, 3, 3, 3]],
  ["VGG-19", [2, 2, 4, 4, 4]],
];

/** Channels of each block. */
export const WIDTHS: readonly number[] = [64, 128, 256, 512, 512];
