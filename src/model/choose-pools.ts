/** Decides where pools stand, how convolutions are padded and what averages before the head, and tells what it assumed. */

import { InputError } from "../errors.ts";
import type { ArchitectureOptions, FoundConv } from "./architecture.ts";
import { type Head, headPooling } from "./head.ts";
import { type Metadata, metadataFlag, metadataPadding } from "./metadata.ts";
import {
  fitFlatten,
  isPublished,
  type PoolChoice,
  poolsByNames,
  poolsOfArch,
  readLayers,
  type SaidLayers,
  type Spot,
  type StackShape,
  sayChoice,
} from "./pools.ts";

interface FoundStack {
  readonly convs: readonly FoundConv[];
  readonly head: Head;
  readonly spots: readonly Spot[];
}

export interface ChosenPools extends PoolChoice {
  /** Side of the map that an average pool before the head makes. */
  readonly average: 1 | 7 | undefined;
  readonly assumptions: readonly string[];
}

export function choosePools(
  found: FoundStack,
  metadata: Metadata,
  options: ArchitectureOptions,
): ChosenPools & Pick<SaidLayers, "averages" | "slope"> {
  const said = options.layers ?? metadata["layers"];
  const by = said === undefined ? undefined : readLayers(said, found.convs.length);
  return { ...placePools(found, by, metadata, options), averages: by?.averages ?? false, slope: by?.slope };
}

function placePools(
  found: FoundStack,
  by: SaidLayers | undefined,
  metadata: Metadata,
  options: ArchitectureOptions,
): ChosenPools {
  const { convs, head } = found;
  const widths = convs.map(({ outputChannels }) => outputChannels);
  const arch = poolsOfArch(metadata["arch"], widths);
  // What is written for people may leave the last pool out.
  const written = arch && [...arch.slice(0, -1), arch.at(-1) === true || metadata["pool_last"] !== "false"];
  const told = by?.pools ?? written;
  const stack: StackShape = {
    spots: told === undefined ? found.spots : told.map((pool) => (pool ? "pool" : "none")),
    channels: widths,
    kernels: convs.map(({ side }) => side),
    poolLast: told?.at(-1) ?? metadataFlag(metadata, "pool_last"),
    padding: options.padding ?? metadataPadding(metadata),
  };
  if (head.linears.length === 0) return withoutHead(stack, told);
  const channels = stack.channels.at(-1) as number;
  const pooledTo = headPooling(head, channels);
  const features = head.linears[0]?.inputFeatures as number;
  if (pooledTo !== "flatten") return averaged(stack, told, pooledTo, features);
  const area = features / channels;
  const says = `the head takes ${features} = ${channels}·${factors(area)}`;
  const choice =
    told === undefined ? fitFlatten(stack, area, says) : fitFlatten(lastAs(stack, told), area, says);
  const open = stack.padding === undefined || (told === undefined && stack.spots.some(isTold));
  return {
    ...choice,
    average: undefined,
    assumptions: open ? [`${sayChoice(choice)}: ${says}`] : [],
  };
}

function lastAs(stack: StackShape, told: readonly boolean[]): StackShape {
  return { ...stack, spots: told.map((pool) => (pool ? "pool" : "none")) };
}

/** What the names do not tell beyond doubt. */
function isTold(spot: Spot): boolean {
  return spot === "likely" || spot === "boundary" || spot === "free";
}

function factors(area: number): string {
  const side = Math.sqrt(area);
  return Number.isInteger(side) ? `${side}·${side}` : String(area);
}

function averaged(
  stack: StackShape,
  told: readonly boolean[] | undefined,
  average: 1 | 7,
  features: number,
): ChosenPools {
  if (told === undefined && stack.spots.includes("free")) {
    throw new InputError("layers: neither names nor the head tell where pools stand", {
      remedy: "say it by layers, such as `conv conv pool conv pool`: every convolution, and the pools",
    });
  }
  const pools = told ?? poolsByNames(stack, true);
  const choice = { pools, padding: stack.padding ?? 1 };
  // torchvision's and timm's networks are what they are published as.
  const known = told !== undefined || (isPublished(pools, true) && !stack.spots.includes("boundary"));
  const before = average === 1 ? "an average over all positions" : "an average over 7×7 parts";
  const says = `${sayChoice(choice)}, ${before} before the head, which takes ${features} features`;
  return { ...choice, average, assumptions: known ? [] : [says] };
}

function withoutHead(stack: StackShape, told: readonly boolean[] | undefined): ChosenPools {
  const pools = told ?? poolsByNames(stack, false);
  const choice = { pools, padding: stack.padding ?? 1 };
  const open =
    told === undefined && stack.spots.some(isTold) && !(isPublished(pools) && !stack.spots.includes("free"));
  return { ...choice, average: undefined, assumptions: open ? [sayChoice(choice)] : [] };
}
