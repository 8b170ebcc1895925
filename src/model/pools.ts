/**
 * Where pools stand and how convolutions are padded, where names do not tell: what fits the features that the head
 * takes at a size that people use.
 */
import { type Answer, QuestionError } from "./question.ts";
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
const MOST_ANSWERS = 4;

/** Where pools stand if nothing but the names counts: everywhere they may, or where channels change too. */
export function poolsByNames({ spots, channels, poolLast }: StackShape, head: boolean): readonly boolean[] {
  const likely = spots.map((spot, i) => spot === "likely" && channels[i] !== channels[i + 1]);
  const constant = spots.map((spot, i) => spot === "likely" && channels[i] === channels[i + 1]);
  // Where some pools change the channels or are sure, and others are neither, the latter are dropouts, unless a published
  // VGG has them.
  const everywhere = spots.map((spot) => spot === "pool" || spot === "likely" || spot === "boundary");
  const sure = likely.includes(true) || spots.includes("pool");
  const mixed = sure && constant.includes(true) && !isPublished(everywhere);
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
 * @throws QuestionError where two fit equally, or none at a usual size
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
      const { side, exact } = usualSide(stack, pools, padding, wanted);
      const total = cost + (exact ? 0 : 0.5);
      if (side === undefined || total > best.cost) continue;
      if (total < best.cost) best = { cost: total, choices: [] };
      best.choices.push({ pools, padding, side });
    }
  }
  const [choice, other] = best.choices;
  if (choice && other) throw tie(best.choices, told);
  if (choice) return choice;
  if (stack.padding !== undefined && !stack.spots.includes("free"))
    return { pools: base, padding: stack.padding };
  throw noFit(stack, base, wanted, told);
}

interface UsualSide {
  /** Undefined where no usual image gives such a map. */
  readonly side: number | undefined;
  /** It loses no row at a pool: 64 of 64 to 71, but not 96 of 92 to 99. */
  readonly exact: boolean;
}

function usualSide(stack: StackShape, pools: readonly boolean[], padding: 0 | 1, wanted: number): UsualSide {
  const fits = (size: number): boolean => finalSide(stack, pools, padding, size) === wanted;
  const sides = USUAL_SIDES.filter(fits);
  const exact = sides.find((size) => !fits(size - 1));
  return { side: exact ?? sides[0], exact: exact !== undefined };
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

/** Several choices of equal likelihood. */
function tie(choices: readonly PoolChoice[], told: string): QuestionError {
  const [first, second] = choices as [PoolChoice, PoolChoice];
  const images = ({ side }: PoolChoice): string => `${side}×${side} images`;
  if (sayPools(first.pools) === sayPools(second.pools)) {
    const answers = [first, second].map((choice) => ({
      value: String(choice.padding),
      text: `padding ${choice.padding}`,
      why: images(choice),
    }));
    return new QuestionError(
      `padding: ${told}, which ${images(first)} give with padding ${first.padding}, and ` +
        `${images(second)} with padding ${second.padding}`,
      { about: "padding", answers },
      { remedy: `say which: padding ${first.padding}, or padding ${second.padding}` },
    );
  }
  const ways = choices.slice(0, MOST_ANSWERS);
  const text = ways.map(
    (choice) => `${sayPools(choice.pools)}, padding ${choice.padding}, ${images(choice)}`,
  );
  return layersQuestion(
    `${told}, which fits more than one network: ${text.join("; or ")}`,
    ways.map((choice) => ({ pools: choice.pools, why: images(choice) })),
  );
}

/** @param likely the likeliest first; the same twice is one */
export function layersQuestion(
  problem: string,
  likely: readonly { readonly pools: readonly boolean[]; readonly why: string }[],
): QuestionError {
  const answers = new Map<string, Answer>();
  for (const { pools, why } of likely) {
    const value = pools.map((pool) => (pool ? "conv pool" : "conv")).join(" ");
    if (!answers.has(value)) answers.set(value, { value, text: sayPools(pools), why });
  }
  const question = { about: "layers", answers: [...answers.values()] } as const;
  return new QuestionError(`layers: ${problem}`, question, { remedy: BY_HAND });
}

function noFit(stack: StackShape, pools: readonly boolean[], wanted: number, told: string): QuestionError {
  const answers = ([1, 0] as const).map((padding) => {
    const sides = Array.from({ length: 1024 }, (_, i) => i + 1).filter(
      (size) => finalSide(stack, pools, padding, size) === wanted,
    );
    const range = `${sides[0]} to ${sides.at(-1)} pixels`;
    const why = sides.length === 0 ? {} : { why: range };
    return { value: String(padding), text: `padding ${padding}`, ...why };
  });
  const ranges = answers.flatMap(({ text, why }) => (why === undefined ? [] : [`${why} with ${text}`]));
  const which = ranges.length === 0 ? "no square image gives that" : ranges.join(", or ");
  return new QuestionError(
    `padding: ${told}: ${which}`,
    { about: "padding", answers },
    { remedy: `say padding 0 or padding 1; or ${BY_HAND}` },
  );
}
