/** The modules that a file's tensors belong to, in the order in which they stand in the file. */
import type { TensorShapes } from "./layer-tensors.ts";

export interface FoundModule {
  readonly kind: "conv" | "linear" | "norm";
  /** `conv_block_1.2` */
  readonly path: string;
  readonly parent: string;
  /** Of the last part of the path where that is a number: 2. */
  readonly index: number | undefined;
  /** What groups it with its neighbours: `conv_block_1`, or `3` for `block3_conv2` and `conv3_2`. */
  readonly block: string | undefined;
  /** `weight`, `bias`, … */
  readonly parts: readonly string[];
  readonly inputs: number;
  readonly outputs: number;
}

const KINDS: Readonly<Record<number, FoundModule["kind"]>> = { 1: "norm", 2: "linear", 4: "conv" };

export function modulesOf(tensors: TensorShapes): readonly FoundModule[] {
  const parts = new Map<string, string[]>();
  for (const name of tensors.keys()) {
    const at = name.lastIndexOf(".");
    if (at < 1) continue;
    const path = name.slice(0, at);
    const known = parts.get(path);
    if (known) known.push(name.slice(at + 1));
    else parts.set(path, [name.slice(at + 1)]);
  }
  const modules: FoundModule[] = [];
  for (const [path, names] of parts) {
    const shape = tensors.get(`${path}.weight`);
    const kind = shape && KINDS[shape.length];
    if (shape === undefined || kind === undefined) continue;
    modules.push({
      kind,
      path,
      ...placeOf(path),
      parts: names,
      inputs: shape[1] ?? 0,
      outputs: shape[0] ?? 0,
    });
  }
  return inNumberedOrder(modules);
}

function placeOf(full: string): Pick<FoundModule, "parent" | "index" | "block"> {
  // `residual_layer.3.conv` is number 3 of residual_layer.
  const path = full.replace(/\.(conv|conv2d|layer)$/, "");
  const at = path.lastIndexOf(".");
  const parent = path.slice(0, Math.max(0, at));
  const last = path.slice(at + 1);
  if (/^\d{1,4}$/.test(last)) return { parent, index: Number(last), block: parent || undefined };
  const numbers = last.match(/\d+/g) ?? [];
  return {
    parent,
    index: undefined,
    block: numbers.length > 1 ? `${parent}.${numbers[0]}` : groupOf(parent),
  };
}

/** `layer3` groups what is in it; `model` does not. */
function groupOf(parent: string): string | undefined {
  return /\d$/.test(parent) ? parent : undefined;
}

/** Modules of one family differ by their numbers alone. */
export function familyOf({ path }: FoundModule): string {
  return path.replace(/\d+/g, "#");
}

/**
 * Some writers sort names as texts, `10` before `2`. So modules whose names differ by their numbers alone take the places
 * of their kind in the order of the numbers; whatever else differs stays as the file has it.
 */
function inNumberedOrder(modules: readonly FoundModule[]): readonly FoundModule[] {
  const families = new Map<string, FoundModule[]>();
  for (const module of modules) {
    const members = families.get(familyOf(module));
    if (members) members.push(module);
    else families.set(familyOf(module), [module]);
  }
  for (const members of families.values()) members.sort((a, b) => byNumbers(a.path, b.path));
  const next = new Map<string, number>();
  return modules.map((module) => {
    const key = familyOf(module);
    const at = next.get(key) ?? 0;
    next.set(key, at + 1);
    return families.get(key)?.[at] as FoundModule;
  });
}

function byNumbers(a: string, b: string): number {
  const first = (a.match(/\d+/g) ?? []).map(Number);
  const second = (b.match(/\d+/g) ?? []).map(Number);
  for (const [i, n] of first.entries()) if (n !== second[i]) return n - (second[i] ?? 0);
  return 0;
}

/** The one that takes an image comes first wherever the file has it (`input`, after `residual_layer`). */
export function orderedConvs(modules: readonly FoundModule[]): readonly FoundModule[] {
  const convs = modules.filter(({ kind }) => kind === "conv");
  const takesImage = convs.filter(({ inputs }) => inputs === 1 || inputs === 3);
  const [first] = takesImage;
  if (first === undefined || takesImage.length !== 1) return convs;
  return [first, ...convs.filter((conv) => conv !== first)];
}
