/** The parts that terms are written with: layers, channels, positions, numbers, powers. */
import { InputError, shown } from "../../errors.ts";
import type { Network } from "../../model/network.ts";
import { findLayer, layerChannels } from "../../model/shapes.ts";
import { EXAMPLE } from "../spec-errors.ts";
import type { AtPosition } from "./kind.ts";

/** A term without its weight, border and images, cut at its colons. */
export interface TermText {
  /** All of it. */
  readonly text: string;
  /** What follows the first colon; undefined where there is none. */
  readonly argument: string | undefined;
  /** The argument up to its first colon, and what follows between the others. */
  readonly layer: string;
  readonly parts: readonly string[];
  readonly network: Network;
}

/** The longest list of channels. */
const MAX_CHANNELS = 4096;
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

/** @param message what is wrong with the term */
export function refuse({ text }: TermText, message: string, remedy = EXAMPLE): never {
  throw new InputError(`objective ${shown(text)}: ${message}`, { remedy });
}

/** The layer's name. @throws InputError listing the layers where the network has no such one */
export function layerOf(given: TermText): string {
  return findLayer(given.network, given.layer).name;
}

/** @param form what to write, for the message */
export function expectParts(
  given: TermText,
  form: string,
  [least, most]: readonly [least: number, most: number],
  parts = given.parts,
): void {
  if (parts.length < least || parts.length > most) refuse(given, `expected ${form}`);
}

/** What stands between the colons of a term that names no layer. */
export function allParts({ argument }: TermText): readonly string[] {
  return argument?.split(":") ?? [];
}

/** The reader of `NAME:LAYER`. */
export function wholeLayer<Kind extends string>(kind: Kind, form: string) {
  return (given: TermText) => {
    expectParts(given, form, [0, 0]);
    return { kind, layer: layerOf(given) } as const;
  };
}

export function channelOf(given: TermText, text: string | undefined): number {
  const { network, layer } = given;
  const count = layerChannels(network, layer);
  if (text !== undefined && /^\d+$/.test(text) && Number(text) < count) return Number(text);
  const remedy = `channels of ${layer} are 0 to ${count - 1}`;
  return refuse(given, `${layer} has no channel ${shown(text ?? "")}`, remedy);
}

/** `17`, `3,17,9` or `0..15`, and lists of both. */
export function channelList(given: TermText, text: string): readonly number[] {
  const channels = text.split(",").flatMap((part) => {
    const [, first, last] = /^(\d+)\.\.(\d+)$/.exec(part) ?? [];
    if (first === undefined) return [channelOf(given, part)];
    const [from, to] = [channelOf(given, first), channelOf(given, last)];
    if (to < from) refuse(given, `expected a range upward, got ${shown(part)}`);
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  });
  if (channels.length <= MAX_CHANNELS) return channels;
  return refuse(given, `expected at most ${MAX_CHANNELS} channels, got ${channels.length}`);
}

/** `Y,X`; nothing where it is left out. */
export function positionIn(given: TermText, text: string | undefined): Pick<AtPosition, "position"> {
  if (text === undefined) return {};
  const [, y, x] = /^(\d{1,9}),(\d{1,9})$/.exec(text) ?? [];
  if (y !== undefined && x !== undefined) return { position: [Number(y), Number(x)] };
  const remedy = "row and column count from 0; without a position it is the centre";
  return refuse(given, `expected a position Y,X, got ${shown(text)}`, remedy);
}

export function formatPosition({ position }: Pick<AtPosition, "position">): string {
  return position === undefined ? "" : `:${position.join(",")}`;
}

/** A finite number within bounds, both included. */
export function numberOf(
  given: TermText,
  text: string,
  what: string,
  { least = -Infinity, most = Infinity }: { readonly least?: number; readonly most?: number } = {},
): number {
  const value = NUMBER.test(text) ? Number(text) : Number.NaN;
  if (Number.isFinite(value) && value >= least && value <= most) return value;
  const least_ = least > -Infinity ? ` of at least ${least}` : "";
  const bounds = Number.isFinite(most) ? ` from ${least} to ${most}` : least_;
  return refuse(given, `expected ${what}${bounds}, got ${shown(text)}`);
}

/** Cuts the power of the cosine, `^P`, off the end of a text; 0 if not said. */
export function cutPower(given: TermText, text: string): readonly [rest: string, power: number] {
  const at = text.indexOf("^");
  if (at < 0) return [text, 0];
  const bounds = { least: 0, most: 16 };
  return [text.slice(0, at), numberOf(given, text.slice(at + 1), "a power of the cosine", bounds)];
}

export function formatPower(power: number): string {
  return power === 0 ? "" : `^${power}`;
}
