/**
 * Where pools stand and how convolutions are padded, where names do not tell: what fits the features that the head
 * takes at a size that people use.
 */
import { InputError, shown } from "../errors.ts";

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

const BY_HAND = "say it by layers, such as `conv conv pool conv pool`: every convolution, and the pools";

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

/** Simonyan & Zisserman 2015, table 1: A, B, D, E. */
const PUBLISHED: readonly string[] = ["1,1,2,2,2", "2,2,2,2,2", "2,2,3,3,3", "2,2,4,4,4"];

/** @param whole not the beginning of one alone */
export function isPublished(pools: readonly boolean[], whole = false): boolean {
  const blocks = [0];
  for (const [i, pool] of pools.entries()) {
    blocks[blocks.length - 1] = (blocks.at(-1) ?? 0) + 1;
    if (pool && i < pools.length - 1) blocks.push(0);
  }
  if (blocks.length === 1) return false;
  const [last = 0] = blocks.slice(-1);
  const before = blocks.slice(0, -1);
  if (whole) return PUBLISHED.includes(blocks.join());
  return PUBLISHED.some((text) => {
    const published = text.split(",").map(Number);
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

/** `pools after convolutions 2 and 4, padding 0, 64×64 images` */
export function sayChoice({ pools, padding, side }: PoolChoice): string {
  const after = pools.flatMap((pool, i) => (pool ? [i + 1] : []));
  const where =
    after.length === 0
      ? "no pools"
      : `max-pools after convolution${after.length === 1 ? "" : "s"} ${after.join(", ")}`;
  return `ReLUs, ${where}, padding ${padding}${side === undefined ? "" : `, ${side}×${side} images`}`;
}

/** What is said of the layers by hand. */
export interface SaidLayers {
  readonly pools: readonly boolean[];
  /** Of all pools: they average. */
  readonly averages: boolean;
  /** Of all ReLUs among the convolutions: what they leave of a negative number. */
  readonly slope: number | undefined;
}

/**
 * `conv conv pool conv pool`, or `64,64,M,128,M` by widths: after which convolutions pools stand. ReLUs follow convolutions
 * without being said. `avgpool` for pool, and `leaky0.1` somewhere, say of all that they are others.
 * @throws InputError for another word or number of convolutions
 */
export function readLayers(text: string, convolutions: number): SaidLayers {
  const pools: boolean[] = [];
  const kinds = new Set<string>();
  let slope: number | undefined;
  for (const word of text
    .trim()
    .toLowerCase()
    .split(/[\s,]+/)) {
    const leaky = /^leaky(0?\.\d+)$/.exec(word)?.[1];
    if (word === "conv" || /^\d+$/.test(word)) pools.push(false);
    else if (["pool", "maxpool", "m", "avgpool"].includes(word) && pools.length > 0) {
      pools[pools.length - 1] = true;
      kinds.add(word === "avgpool" ? "avgpool" : "maxpool");
    } else if (leaky !== undefined && Number(leaky) > 0) slope = Number(leaky);
    else if (!["relu", "dropout", "batchnorm"].includes(word)) {
      throw new InputError(`layers: expected conv, pool, avgpool or leaky0.1, got ${shown(word)}`, {
        remedy: BY_HAND,
      });
    }
  }
  if (kinds.size > 1) throw new InputError("layers: expected pools of one kind", { remedy: BY_HAND });
  if (pools.length === convolutions) return { pools, averages: kinds.has("avgpool"), slope };
  throw new InputError(`layers: the file has ${convolutions} convolutions, got ${pools.length}`, {
    remedy: BY_HAND,
  });
}

/**
 * What a file says of itself, `32,M,64,64,M; global average pool`: torchvision's way to write a VGG.
 * @returns undefined where it is written otherwise or is of other widths
 */
export function poolsOfArch(
  text: string | undefined,
  widths: readonly number[],
): readonly boolean[] | undefined {
  const list = /^\s*(?:\d+|M)(?:\s*,\s*(?:\d+|M))+\s*(?=;|$)/.exec(text?.slice(0, 1000) ?? "")?.[0];
  const words = list?.split(",").map((word) => word.trim()) ?? [];
  const given = words.filter((word) => word !== "M").map(Number);
  if (list === undefined || given.join() !== widths.join() || words[0] === "M") return undefined;
  return readLayers(words.join(" "), widths.length).pools;
}
