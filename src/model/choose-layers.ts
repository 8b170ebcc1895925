/**
 * Decides what a state dict does not say: where pools stand and of which kind, how convolutions are padded, what averages
 * before the head, which activations follow, and the ε of batch norm. It tells what it took for granted.
 */
import type { ArchitectureOptions } from "./architecture.ts";
import type { Convention } from "./checkpoint.ts";
import type { FoundConv } from "./convs.ts";
import { type Head, headPooling } from "./head.ts";
import { type Metadata, metadataFlag } from "./metadata.ts";
import {
  fitFlatten,
  layersQuestion,
  type PoolChoice,
  poolsByNames,
  type Spot,
  type StackShape,
  sayPools,
} from "./pools.ts";
import type { QuestionError } from "./question.ts";
import { type Activation, layersOfArch, readLayers, type SaidLayers } from "./said-layers.ts";

export interface FoundStack {
  readonly convs: readonly FoundConv[];
  readonly head: Head;
  readonly spots: readonly Spot[];
  /** Numbers of modules tell where batch norms stand. */
  readonly normsTold: boolean;
}

export interface ChosenLayers extends Placed {
  readonly pool: "maxpool" | "avgpool2x2";
  readonly activation: Activation;
  readonly headActivation: Activation;
  readonly normLast: boolean;
  readonly assumptions: readonly string[];
}

interface Placed extends PoolChoice {
  /** Side of the map that an average pool before the head makes. */
  readonly average?: 1 | 7;
  /** Of a head that flattens: what it takes. */
  readonly because?: string;
}

export function chooseLayers(
  found: FoundStack,
  metadata: Metadata,
  given: ArchitectureOptions,
  { epsilon: usual }: Pick<Convention, "epsilon">,
): ChosenLayers {
  const widths = found.convs.map(({ outputChannels }) => outputChannels);
  const arch = written(metadata, widths);
  const said = given.layers === undefined ? arch : { ...arch, ...readLayers(given.layers, widths.length) };
  const stack = stackOf(found, said, metadata, given.padding);
  const placed = placePools(stack, found, said.pools);
  const activation = said.activation ?? { kind: "relu" };
  // torchvision's way to write a network says that convolutions before an average are padded.
  const padding = given.padding ?? (arch.pools && placed.because === undefined ? 1 : undefined);
  return {
    ...placed,
    pool: said.pool ?? "maxpool",
    activation,
    headActivation: said.headActivation ?? activation,
    normLast: said.normLast ?? false,
    assumptions: sayAssumed(placed, found, { ...said, padding, epsilon: given.epsilon, usual }),
  };
}

/** What is written for people may leave the last pool out. */
function written(metadata: Metadata, widths: readonly number[]): SaidLayers {
  const arch = layersOfArch(metadata["arch"], widths);
  if (arch?.pools === undefined) return {};
  const last = arch.pools.at(-1) === true || metadata["pool_last"] !== "false";
  return { ...arch, pools: [...arch.pools.slice(0, -1), last] };
}

function stackOf(
  { convs, spots }: FoundStack,
  said: SaidLayers,
  metadata: Metadata,
  padding: 0 | 1 | undefined,
): StackShape {
  const poolLast = metadataFlag(metadata, "pool_last");
  return {
    spots: said.pools?.map((pool) => (pool ? "pool" : "none")) ?? spots,
    channels: convs.map(({ outputChannels }) => outputChannels),
    kernels: convs.map(({ side }) => side),
    poolLast: said.pools?.at(-1) ?? poolLast,
    padding,
  };
}

function placePools(stack: StackShape, { head }: FoundStack, told: readonly boolean[] | undefined): Placed {
  const padding = stack.padding ?? 1;
  if (head.linears.length === 0) return { pools: told ?? poolsByNames(stack, false), padding };
  const channels = stack.channels.at(-1) as number;
  const average = headPooling(head, channels);
  const features = head.linears[0]?.inputFeatures as number;
  const area = features / channels;
  const says = `the head takes ${features} = ${channels}·${factors(area)}`;
  if (average === "flatten") return { ...fitFlatten(stack, area, says), because: says };
  const free = told === undefined && stack.spots.includes("free");
  // 49 positions are a 7×7 map that is flattened, or any map that is averaged to 7×7: alike at the size that fits.
  if (average === 7 && free) return { ...fitFlatten(stack, 49, says), because: says };
  if (free) throw unknownPools(stack.channels);
  return { pools: told ?? poolsByNames(stack, true), padding, average };
}

/** What people's networks have: pools where the number of channels changes, or after every convolution, or none. */
function unknownPools(channels: readonly number[]): QuestionError {
  const changes = channels.map((n, i) => n !== channels[i + 1]);
  return layersQuestion("neither names nor the head tell where pools stand", [
    { pools: changes, why: "where the number of channels changes" },
    { pools: channels.map(() => true), why: "after every convolution" },
    { pools: channels.map(() => false), why: "nowhere" },
  ]);
}

function factors(area: number): string {
  const side = Math.sqrt(area);
  return Number.isInteger(side) ? `${side}·${side}` : String(area);
}

interface Said extends SaidLayers {
  readonly padding: 0 | 1 | undefined;
  readonly epsilon: number | undefined;
  /** ε where it is not said. */
  readonly usual: number;
}

/** `ReLUs, max-pools after convolutions 2, 4, padding 1, 64×64 images: the head takes …`, without what was said. */
function sayAssumed(
  { pools, padding, side, average, because }: Placed,
  { convs, head, normsTold }: FoundStack,
  said: Said,
): readonly string[] {
  const places: string[] = [];
  if (said.pools === undefined) {
    places.push(sayPools(pools, said.pool === "avgpool2x2" ? "average pools" : "max-pools"));
  }
  if (said.padding === undefined) {
    const keeps = padding === 1 && convs.some((conv) => conv.side !== 3);
    places.push(keeps ? "padding that keeps the size" : `padding ${padding}`);
  }
  const normed = convs.some(({ tensors }) => tensors.batchNorm !== undefined);
  const norms =
    normed ||
    head.linears.some(({ tensors, normAfterActivation }) => tensors.batchNorm ?? normAfterActivation) ||
    convs.some(({ normAfterRelu }) => normAfterRelu !== undefined);
  const order = normed && !normsTold && said.normLast === undefined;
  const epsilon = norms && said.epsilon === undefined ? said.usual.toExponential() : undefined;
  const fitted = places.length > 0 && because !== undefined;
  if (fitted && side !== undefined) places.push(`${side}×${side} images`);
  const parts = [...(said.activation === undefined ? ["ReLUs"] : []), ...places, ...sayNorm(order, epsilon)];
  if (parts.length === 0) return [];
  if (average !== undefined) {
    const over = average === 1 ? "all positions" : "7×7 parts";
    parts.push(
      `an average over ${over} before the head, which takes ${head.linears[0]?.inputFeatures} features`,
    );
  }
  return [parts.join(", ") + (fitted ? `: ${because}` : "")];
}

/** @param order whether it is taken to stand before activations @param epsilon that is taken */
function sayNorm(order: boolean, epsilon: string | undefined): readonly string[] {
  if (order) return [`batch norm before ReLUs${epsilon === undefined ? "" : ` with ε ${epsilon}`}`];
  return epsilon === undefined ? [] : [`ε ${epsilon} of batch norm`];
}
