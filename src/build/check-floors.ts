/** Holds source text to the floors (floors.ts): what it imports, and the globals that it uses. */
import { readdirSync, readFileSync } from "node:fs";
import { join, posix, sep } from "node:path";
import { parseSync, transformWithOxc, Visitor } from "vite";
import { deniedGlobals, importFault, packageFault, roomOf } from "./floors.ts";

/** The syntax tree's nodes, as the visitor is handed them. */
type Tree = Parameters<Visitor["visit"]>[0];

interface Specifier {
  readonly at: number;
  /** Undefined where it is not written out. */
  readonly text: string | undefined;
}

/** Faults of one file, `src/FILE.ts:3: …`. @param path from the project's root, with slashes */
export async function floorFaults(path: string, text: string): Promise<string[]> {
  if (!roomOf(path)) return [`${path}: is in no room of src/build/floors.ts`];
  const { program, errors } = parseSync(path, text);
  if (errors.length > 0) return [`${path}: ${errors[0]?.message}`];
  const faults = [
    ...specifiers(program).map(({ at, text }) => [at, specifierFault(path, text)] as const),
    ...(await globalFaults(path, text, program)),
  ];
  const line = (at: number) => text.slice(0, at).split("\n").length;
  return faults.flatMap(([at, fault]) => (fault === undefined ? [] : [`${path}:${line(at)}: ${fault}`]));
}

/** Faults of every file under `src`. */
export async function treeFaults(root: string): Promise<string[]> {
  const names = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" });
  const files = names
    .filter((name) => /\.m?ts$|\.mjs$/.test(name))
    .map((name) => `src/${name.replaceAll(sep, "/")}`);
  const faults = files.sort().map((path) => floorFaults(path, readFileSync(join(root, path), "utf8")));
  return (await Promise.all(faults)).flat();
}

function specifierFault(from: string, text: string | undefined): string | undefined {
  if (text === undefined) return "imports what is not written out";
  if (text.startsWith("/")) return `imports ${text} from the root`;
  if (!text.startsWith(".")) return packageFault(from, text);
  const to = posix.normalize(posix.join(posix.dirname(from), text.split("?")[0] ?? text));
  return to.startsWith("..") ? `imports ${text} from outside the project` : importFault(from, to);
}

/** Of imports and re-exports, dynamic ones, and types: `import("…").T`. */
function specifiers(program: Tree): Specifier[] {
  const found: Specifier[] = [];
  const note = (source: { readonly start: number; readonly type: string } | null) => {
    if (source) found.push({ at: source.start, text: written(source) });
  };
  new Visitor({
    ImportDeclaration: ({ source }) => note(source),
    ExportNamedDeclaration: ({ source }) => note(source),
    ExportAllDeclaration: ({ source }) => note(source),
    ImportExpression: ({ source }) => note(source),
    TSImportType: ({ source }) => note(source),
    TSExternalModuleReference: ({ expression }) => note(expression),
  }).visit(program);
  return found;
}

function written(source: { readonly type: string }): string | undefined {
  const { value, quasis } = source as {
    value?: unknown;
    quasis?: readonly { value: { cooked: string | null } }[];
  };
  if (quasis?.length === 1) return quasis[0]?.value.cooked ?? undefined;
  return typeof value === "string" ? value : undefined;
}

/**
 * Uses of denied globals. The transform's `define` knows scopes: it replaces a name, also as `globalThis.name` or
 * `globalThis["name"]`, where nothing declares it. `globalThis` by itself could be taken apart, so a room without
 * surroundings may only name what it takes of it.
 */
async function globalFaults(path: string, text: string, program: Tree): Promise<[number, string][]> {
  const denied = deniedGlobals(path);
  if (denied.length === 0) return [];
  const define = Object.fromEntries(
    denied.flatMap((name) => [name, `globalThis.${name}`].map((used) => [used, marked(name)])),
  );
  const { code } = await transformWithOxc(text, path, { define, sourcemap: false });
  const { first, whole } = names(program);
  const faults = denied
    .filter((name) => code.includes(marked(name)))
    .map((name): [number, string] => [first.get(name) ?? 0, `${roomOf(path)?.room} may not use ${name}`]);
  if (roomOf(path)?.surroundings) return faults;
  return [...faults, ...whole.map((at): [number, string] => [at, "takes globalThis as a whole"])];
}

function marked(name: string): string {
  return `DENIED_GLOBAL_${name}`;
}

/** Where each name stands first, and where `globalThis` stands other than before a name that is written out. */
function names(program: Tree): {
  readonly first: ReadonlyMap<string, number>;
  readonly whole: readonly number[];
} {
  const first = new Map<string, number>();
  const globals: number[] = [];
  const named = new Set<number>();
  const note = (name: string, at: number) => first.set(name, Math.min(at, first.get(name) ?? at));
  new Visitor({
    Identifier({ name, start }) {
      note(name, start);
      if (name === "globalThis") globals.push(start);
    },
    MemberExpression({ object, property, computed }) {
      if (!computed || property.type === "Literal") named.add(object.start);
      if (property.type === "Literal") note(String(property.value), property.start);
    },
  }).visit(program);
  return { first, whole: globals.filter((at) => !named.has(at)) };
}
