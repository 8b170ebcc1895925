/** The parts that scores are written with: channels, positions, numbers, powers. */
import { InputError } from "../errors.ts";
import type { Network } from "../model/network.ts";
import { findLayer, layerChannels } from "../model/shapes.ts";
import { EXAMPLE, show } from "./spec-errors.ts";

/** A score cut at its colons. */
export interface TermText {
  readonly score: string;
  readonly layer: string;
  readonly parts: readonly string[];
  readonly network: Network;
}

/** Channels of one list; a batch holds no more images. */
const MAX_CHANNELS = 4096;
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

export function channelOf(score: string, layer: string, text: string | undefined, network: Network): number {
  findLayer(network, layer);
  const count = layerChannels(network, layer);
  if (text !== undefined && /^\d+$/.test(text) && Number(text) < count) return Number(text);
  throw new InputError(`objective ${show(score)}: ${layer} has no channel ${show(text ?? "")}`, {
    remedy: `channels of ${layer} are 0 to ${count - 1}`,
  });
}

/** `17`, `3,17,9` or `0..15`, and lists of both. */
export function list(score: string, layer: string, text: string, network: Network): readonly number[] {
  const channels = text.split(",").flatMap((part) => {
    const [, first, last] = /^(\d+)\.\.(\d+)$/.exec(part) ?? [];
    if (first === undefined) return [channelOf(score, layer, part, network)];
    const [from, to] = [first, last].map((end) => channelOf(score, layer, end, network)) as [number, number];
    if (to < from) {
      throw new InputError(`objective ${show(score)}: expected a range upward, got ${show(part)}`, {
        remedy: EXAMPLE,
      });
    }
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  });
  if (channels.length <= MAX_CHANNELS) return channels;
  throw new InputError(`objective ${show(score)}: expected at most ${MAX_CHANNELS} channels`);
}

export function parsePosition(score: string, text: string): readonly [number, number] {
  const [, y, x] = /^(\d{1,9}),(\d{1,9})$/.exec(text) ?? [];
  if (y !== undefined && x !== undefined) return [Number(y), Number(x)];
  throw new InputError(`objective ${show(score)}: expected a position Y,X, got ${show(text)}`, {
    remedy: "row and column count from 0; without a position it is the centre",
  });
}

/** A finite number within bounds, both included. */
export function numberOf(
  score: string,
  text: string,
  what: string,
  { least = -Infinity, most = Infinity }: { readonly least?: number; readonly most?: number },
): number {
  const value = NUMBER.test(text) ? Number(text) : Number.NaN;
  if (Number.isFinite(value) && value >= least && value <= most) return value;
  const bounds = Number.isFinite(most)
    ? ` from ${least} to ${most}`
    : least > -Infinity
      ? ` of at least ${least}`
      : "";
  throw new InputError(`objective ${show(score)}: expected ${what}${bounds}, got ${show(text)}`, {
    remedy: EXAMPLE,
  });
}

/** Cuts the power of the cosine, `^P`, off the end; 0 if not said. */
export function power(score: string, text: string): readonly [rest: string, power: number] {
  const at = text.indexOf("^");
  if (at < 0) return [text, 0];
  const p = numberOf(score, text.slice(at + 1), "a power of the cosine", { least: 0, most: 16 });
  return [text.slice(0, at), p];
}

export function expectParts(
  score: string,
  got: readonly string[],
  least: number,
  most: number,
  form: string,
): void {
  if (got.length >= least && got.length <= most) return;
  throw new InputError(`objective ${show(score)}: expected ${form}`, { remedy: EXAMPLE });
}
