/**
 * Looks through what people's names wrap a network in, and gives its tensors torchvision's names: `features.N` and
 * `classifier.N`. Wrappers (`module.`, `state_dict.`, `backbone.`) are whatever stands before.
 */

import { shown } from "../errors.ts";
import { byLikelihood, oneCopy, sayTaken } from "./copies.ts";
import type { TensorShapes } from "./layer-tensors.ts";
import { type FoundModule, familyOf, modulesOf, orderedConvs } from "./modules.ts";
import type { Spot } from "./pools.ts";

/** A file's tensors in torchvision's names. */
export interface NamedTensors {
  readonly shapes: TensorShapes;
  /** The file's own name of a tensor; of one that is not there, what it would be. */
  original(name: string): string;
  /** What may follow each convolution, where the numbering of `features.N` does not tell it. */
  readonly spots?: readonly Spot[];
  /** Numbers tell where each batch norm stands, although they do not tell the spots. */
  readonly normsTold?: boolean;
  /** The file's own names of what is looked at: all, or what stands under the network's prefix. */
  readonly own: TensorShapes;
  /** What was taken for granted, a sentence each. */
  readonly assumptions: readonly string[];
}

const PARTS = /\.(weight|bias|running_mean|running_var|num_batches_tracked)$/;
/** Layers of a head that has neither torchvision's names nor timm's. */
const HEAD = /(^|[._])(classifier|fc|head|linear|dense|logits|output|out|mlp)_?\d*([._]|$)/i;

export function namedTensors(file: TensorShapes): NamedTensors {
  const { tensors, assumptions } = oneCopy(file);
  const named = ofOneCopy(tensors);
  return { ...named, assumptions: [...assumptions, ...named.assumptions] };
}

function ofOneCopy(tensors: TensorShapes): NamedTensors {
  const prefixes = prefixesOfFeatures(tensors);
  const prefix = prefixes[0];
  if (prefix !== undefined) return underPrefix(tensors, prefix, prefixes);
  return anyStack(tensors) ?? { shapes: tensors, own: tensors, original: (name) => name, assumptions: [] };
}

/** Every `X` of `Xfeatures.0.weight`, the likeliest first. */
function prefixesOfFeatures(tensors: TensorShapes): readonly string[] {
  const prefixes = [...tensors.keys()]
    .map((name) => /^((?:[^.]+\.)*)features\.(?:module\.)?0\.weight$/.exec(name)?.[1])
    .filter((prefix) => prefix !== undefined);
  return [...new Set(prefixes)].sort(byLikelihood);
}

function underPrefix(tensors: TensorShapes, prefix: string, prefixes: readonly string[]): NamedTensors {
  const others = prefixes.slice(1);
  const names = new Map<string, string>();
  for (const name of tensors.keys()) {
    if (!name.startsWith(prefix)) continue;
    const rest = name.slice(prefix.length).replace(/^(features|classifier)\.module\./, "$1.");
    if (!names.has(rest)) names.set(rest, name);
  }
  if (![...names.keys()].some((name) => /^(classifier|pre_logits|head)\./.test(name))) {
    const own = (name: string): boolean => !others.some((other) => name.startsWith(other));
    for (const [name, original] of otherHead(tensors, own)) names.set(name, original);
  }
  return renamed(tensors, names, prefix, others.length === 0 ? [] : [sayTaken(prefix, others)]);
}

/** `fc.weight`, `linear1.weight`: matrices outside of `classifier`. */
function otherHead(tensors: TensorShapes, own: (name: string) => boolean): readonly [string, string][] {
  const modules = modulesOf(tensors);
  const matrices = modules.filter(
    ({ kind, path }) => kind === "linear" && HEAD.test(path) && own(`${path}.`) && !/(^|\.)aux/i.test(path),
  );
  return headNames(matrices, modules);
}

/** `classifier.N` of matrices: as they are numbered if they are of one module, else 0, 3, 6. */
function headNames(
  linears: readonly FoundModule[],
  modules: readonly FoundModule[],
): readonly [string, string][] {
  const parents = new Set(linears.map(({ parent }) => parent));
  const numbered = parents.size === 1 && linears.every(({ index }) => index !== undefined);
  const names: [string, string][] = [];
  const normOf = normFinder(modules);
  for (const [i, linear] of linears.entries()) {
    const at = numbered ? (linear.index as number) : 4 * i;
    names.push(...partNames(`classifier.${at}`, linear));
    const norm = normOf(linear, linears[i + 1]);
    if (norm) names.push(...partNames(`classifier.${numbered ? (norm.index as number) : at + 1}`, norm));
  }
  return names;
}

type FindNorm = (module: FoundModule, next: FoundModule | undefined) => FoundModule | undefined;

/** Of a module and the next one the batch norm between them: `bn2` of `conv2`, `norm1_2` of `conv1_2`, or what follows. */
function normFinder(modules: readonly FoundModule[]): FindNorm {
  const twins = new Map<string, FoundModule>();
  const places = new Map<FoundModule, number>();
  for (const [i, module] of modules.entries()) {
    places.set(module, i);
    const key = twinKey(module);
    if (module.kind === "norm" && !twins.has(key)) twins.set(key, module);
  }
  return (module, next) => {
    const twin = /\d$/.test(module.path) ? twins.get(twinKey(module)) : undefined;
    if (twin) return twin;
    const after = modules[(places.get(module) as number) + 1];
    const isNorm = after !== next && after?.kind === "norm" && after.outputs === module.outputs;
    return isNorm ? after : undefined;
  };
}

/** Alike for a module and the batch norm that is called as it is. */
function twinKey({ path, outputs }: FoundModule): string {
  return `${path.replace(/(conv|bn|norm|batchnorm|fc|linear)(?=[\d_])/gi, "#")} ${outputs}`;
}

function partNames(base: string, module: FoundModule): readonly [string, string][] {
  return module.parts.map((part): [string, string] => [`${base}.${part}`, `${module.path}.${part}`]);
}

/** A stack of convolutions whatever its modules are called. */
function anyStack(tensors: TensorShapes): NamedTensors | undefined {
  // torchvision's names without the first layer are no other network: a layer is missing.
  if ([...tensors].some(([name, shape]) => /^features\.\d+\.weight$/.test(name) && shape.length === 4)) {
    return undefined;
  }
  const modules = modulesOf(tensors);
  const convs = orderedConvs(modules);
  if (convs.length === 0) return undefined;
  const names = new Map<string, string>();
  const sequential = isOneSequence(convs);
  const spots: Spot[] = [];
  let normsTold = true;
  const normOf = normFinder(modules);
  for (const [i, conv] of convs.entries()) {
    const base = sequential ? (conv.index as number) - (convs[0]?.index as number) : 4 * i;
    const norm = normOf(conv, convs[i + 1]);
    for (const [name, original] of partNames(`features.${base}`, conv)) names.set(name, original);
    const modulesLater = norm && stepsTo(conv, norm);
    // One that neither follows the convolution nor its ReLU takes a place where it is refused.
    const normAt = base + Math.min(modulesLater ?? 1, 3);
    if (norm) for (const [name, original] of partNames(`features.${normAt}`, norm)) names.set(name, original);
    normsTold &&= norm === undefined || modulesLater !== undefined;
    const next = convs[i + 1];
    spots.push(next === undefined ? "last" : spotBetween(conv, next, norm !== undefined));
  }
  const linears = modules.filter(({ kind, path }) => kind === "linear" && !/(^|\.)aux/i.test(path));
  for (const [name, original] of headNames(linears, modules)) names.set(name, original);
  const named = renamed(tensors, names, undefined, orderAssumed(convs));
  return sequential ? named : { ...named, spots, normsTold };
}

/** Two convolutions of which neither numbers nor shapes tell which comes first stand as in the file. */
function orderAssumed(convs: readonly FoundModule[]): readonly string[] {
  const families = new Map<string, string>();
  const open = convs.some((conv) => {
    const shape = `${conv.inputs} ${conv.outputs}`;
    const family = families.get(shape) ?? familyOf(conv);
    families.set(shape, family);
    return family !== familyOf(conv);
  });
  const paths = convs.slice(0, 4).map(({ path }) => shown(path));
  return open
    ? [`convolutions in the file's order: ${paths.join(", ")}${convs.length > 4 ? ", …" : ""}`]
    : [];
}

/** How many modules later one stands, where both have numbers in one `nn.Sequential`. */
function stepsTo(module: FoundModule, later: FoundModule): number | undefined {
  if (module.parent !== later.parent || module.index === undefined || later.index === undefined)
    return undefined;
  return later.index > module.index ? later.index - module.index : undefined;
}

/** Modules of one `nn.Sequential`, of which numbers tell what stands between them. */
function isOneSequence(convs: readonly FoundModule[]): boolean {
  return convs.every(
    ({ parent, index }, i) =>
      parent === convs[0]?.parent &&
      index !== undefined &&
      (i === 0 || index - (convs[i - 1]?.index as number) > 1),
  );
}

function spotBetween(conv: FoundModule, next: FoundModule, normed: boolean): Spot {
  const bothNumbered = conv.index !== undefined && next.index !== undefined;
  if (conv.parent === next.parent && bothNumbered) {
    const between = (next.index as number) - (conv.index as number) - 1 - (normed ? 1 : 0);
    return between === 1 ? "none" : between === 2 ? "likely" : between === 3 ? "pool" : "free";
  }
  if (conv.block === undefined || next.block === undefined) return "free";
  return conv.block === next.block ? "none" : "boundary";
}

export function renamed(
  tensors: TensorShapes,
  names: ReadonlyMap<string, string>,
  prefix: string | undefined,
  assumptions: readonly string[],
): NamedTensors {
  const shapes = new Map<string, readonly number[]>();
  for (const [name, original] of names) shapes.set(name, tensors.get(original) ?? []);
  return {
    shapes,
    own: new Map([...tensors].filter(([name]) => isOwn(name, prefix))),
    assumptions,
    original: (name) => names.get(name) ?? similar(name, names) ?? (prefix ?? "") + name,
  };
}

/** @param prefix of `features.`, which is then all that is looked at but for the head */
function isOwn(name: string, prefix: string | undefined): boolean {
  if (prefix === undefined) return !/(^|\.)aux/i.test(name);
  return (
    name.startsWith(prefix) && /^(features|classifier|pre_logits|head)\./.test(name.slice(prefix.length))
  );
}

/** Of a tensor that is not there, beside one of its module that is. */
function similar(name: string, names: ReadonlyMap<string, string>): string | undefined {
  const part = PARTS.exec(name)?.[0];
  const sibling = part && names.get(`${name.slice(0, -part.length)}.weight`);
  return sibling?.replace(PARTS, part as string);
}
