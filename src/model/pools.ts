/**
 * Where pools stand and how convolutions are padded, where names do not tell: what fits the features that the head
 * takes at a size that people use.
 */
import { InputError } from "../errors.ts";
import { BY_HAND } from "./said-layers.ts";
import { CONVOLUTIONS_PER_BLOCK } from "./vggs.ts";

/**
 * What names tell of the place after a convolution. `none`: a ReLU alone; `pool`: a pool; `likely`: one module, a pool or a
 * dropout; `boundary`: another block begins; `free`: nothing is told; `last`: after the last convolution.
 */
export type Spot = "none" | "pool" | "likely" | "boundary" | "free" | "last";

export interface StackShape {
  readonly spots: readonly Spot[];
  /** Output channels of each convolution. */
  readonly channels: readonly number[];
  /** Sides of the square kernels. */
  readonly kernels: readonly number[];
  /** A pool stands before the head; undefined where nothing says it. */
  readonly poolLast: boolean | undefined;
  readonly padding: 0 | 1 | undefined;
}

export interface PoolChoice {
  /** After each convolution. */
  readonly pools: readonly boolean[];
  readonly padding: 0 | 1;
  /** The side of the images that fit. */
  readonly side?: number;
}

/** Sides of the images that networks are trained on. */
export const USUAL_SIDES: readonly number[] = [28, 32, 48, 64, 96, 128, 224, 256];
/** All ways are tried where there are at most so many open places; else the likely ones. */
const MOST_OPEN = 12;

/** Where pools stand if nothing but the names counts: everywhere they may, or where channels change too. */
export function poolsByNames({ spots, channels, poolLast }: StackShape, head: boolean): readonly boolean[] {
  const likely = spots.map((spot, i) => spot === "likely" && channels[i] !== channels[i + 1]);
  const constant = spots.map((spot, i) => spot === "likely" && channels[i] === channels[i + 1]);
  // Where some likely pools change the channels and others do not, the latter are dropouts, unless a published VGG has them.
  const everywhere = spots.map((spot) => spot === "pool" || spot === "likely" || spot === "boundary");
  const mixed = likely.includes(true) && constant.includes(true) && !isPublished(everywhere);
  return spots.map((spot, i) =>
    spot === "last" ? head && poolLast !== false : everywhere[i] === true && !(mixed && constant[i]),
  );
}

/** Whether the blocks are those of a published VGG, or the beginning of one. */
export function isPublished(pools: readonly boolean[]): boolean {
  const blocks = [0];
  for (const [i, pool] of pools.entries()) {
    blocks[blocks.length - 1] = (blocks.at(-1) ?? 0) + 1;
    if (pool && i < pools.length - 1) blocks.push(0);
  }
  if (blocks.length === 1) return false;
  const [last = 0] = blocks.slice(-1);
  const before = blocks.slice(0, -1);
  return CONVOLUTIONS_PER_BLOCK.some(([, published]) => {
    return before.every((count, i) => count === published[i]) && last <= (published[before.length] ?? 0);
  });
}

/**
 * The choice that fits a head which flattens.
 * @param area positions of the last map: the head's features by the last convolution's channels
 * @param told what the head takes, for messages
 * @throws InputError where two fit equally, or none at a usual size
 */
export function fitFlatten(stack: StackShape, area: number, told: string): PoolChoice {
  const wanted = Math.sqrt(area);
  const base = poolsByNames(stack, true);
  const paddings: readonly (0 | 1)[] = stack.padding === undefined ? [1, 0] : [stack.padding];
  if (stack.padding !== undefined && !stack.spots.some(isOpen))
    return { pools: base, padding: stack.padding };
  let best: { readonly cost: number; readonly choices: PoolChoice[] } = { cost: Infinity, choices: [] };
  for (const { pools, cost } of alternatives(stack, base)) {
    if (cost > best.cost) continue;
    for (const padding of paddings) {
      const fits = (size: number): boolean => finalSide(stack, pools, padding, size) === wanted;
      const sides = USUAL_SIDES.filter(fits);
      // The smallest side that fits loses no row at a pool: 64 of 64 to 71, but not 96 of 92 to 99.
      const exact = sides.find((size) => !fits(size - 1));
      const side = exact ?? sides[0];
      const total = cost + (exact === undefined ? 0.5 : 0);
      if (side === undefined || total > best.cost) continue;
      if (total < best.cost) best = { cost: total, choices: [] };
      best.choices.push({ pools, padding, side });
    }
  }
  const [choice, other] = best.choices;
  if (choice && !other) return choice;
  if (stack.padding !== undefined && !stack.spots.includes("free"))
    return { pools: base, padding: stack.padding };
  throw choice && other ? tie(best.choices, told) : noFit(stack, base, wanted, told);
}

/** `pools after convolutions 2, 4, padding 0, 64×64 images` */
function sayChoice({ pools, padding, side }: PoolChoice): string {
  return `${sayPools(pools)}, padding ${padding}, ${side}×${side} images`;
}

/** @param kind what pools are, in the plural */
export function sayPools(pools: readonly boolean[], kind = "pools"): string {
  const after = pools.flatMap((pool, i) => (pool ? [i + 1] : []));
  if (after.length === 0) return "no pools";
  return `${kind} after convolution${after.length === 1 ? "" : "s"} ${after.join(", ")}`;
}

const isOpen = (spot: Spot): boolean => spot === "likely" || spot === "free" || spot === "boundary";

function* alternatives(
  stack: StackShape,
  base: readonly boolean[],
): Generator<{ readonly pools: readonly boolean[]; readonly cost: number }> {
  yield { pools: withoutFree(stack, base), cost: stack.spots.includes("free") ? 1 : 0 };
  const open = stack.spots.flatMap((spot, i) =>
    (isOpen(spot) && (spot !== "likely" || stack.channels[i] === stack.channels[i + 1])) ||
    (spot === "last" && stack.poolLast === undefined)
      ? [i]
      : [],
  );
  if (open.length > MOST_OPEN) return;
  const everywhere = base.map((pool, i) => stack.spots[i] === "free" || pool);
  for (let bits = 1; bits < 2 ** open.length; bits++) {
    const flipped = open.filter((_, i) => bits & (1 << i));
    const pools = everywhere.map((pool, i) => (flipped.includes(i) ? !pool : pool));
    const freeFlips = flipped.filter((i) => stack.spots[i] === "free").length;
    // A pool after every convolution, or after those that the names do not bar, is the likeliest.
    yield { pools, cost: flipped.length + (freeFlips > 0 ? 1 : 0) };
  }
}

function withoutFree({ spots }: StackShape, base: readonly boolean[]): readonly boolean[] {
  return base.map((pool, i) => pool || spots[i] === "free");
}

/** Of the last map, for a square image; 0 where the image is too small. */
function finalSide(
  { kernels }: StackShape,
  pools: readonly boolean[],
  padding: 0 | 1,
  image: number,
): number {
  let side = image;
  for (const [i, kernel] of kernels.entries()) {
    if (padding === 0) side -= kernel - 1;
    if (pools[i]) side = Math.floor(side / 2);
    if (side < 1) return 0;
  }
  return side;
}

function tie(choices: readonly PoolChoice[], told: string): InputError {
  const [first, second] = choices as [PoolChoice, PoolChoice];
  if (first.padding !== second.padding && first.pools.every((pool, i) => pool === second.pools[i])) {
    return new InputError(
      `padding: ${told}, which ${first.side}×${first.side} images give with padding ${first.padding}, and ` +
        `${second.side}×${second.side} images with padding ${second.padding}`,
      { remedy: `say which: padding ${first.padding}, or padding ${second.padding}` },
    );
  }
  const ways = choices.slice(0, 3).map(sayChoice).join("; or ");
  return new InputError(`layers: ${told}, which fits more than one network: ${ways}`, { remedy: BY_HAND });
}

function noFit(stack: StackShape, pools: readonly boolean[], wanted: number, told: string): InputError {
  const ranges = ([1, 0] as const).flatMap((padding) => {
    const sides = Array.from({ length: 1024 }, (_, i) => i + 1).filter(
      (size) => finalSide(stack, pools, padding, size) === wanted,
    );
    return sides.length === 0 ? [] : [`${sides[0]} to ${sides.at(-1)} pixels with padding ${padding}`];
  });
  const which = ranges.length === 0 ? "no square image gives that" : ranges.join(", or ");
  return new InputError(`padding: ${told}: ${which}`, {
    remedy: `say padding 0 or padding 1; or ${BY_HAND}`,
  });
}
