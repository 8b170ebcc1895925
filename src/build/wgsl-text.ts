/**
 * The text of a shader as it is built: `#import lib/name` lines put in place, comments and white space left out.
 *
 * A file is stored in parts, cut at its imports, so that what several files import is stored once. Every line of a part
 * is a line of its file, though it may be empty. So a part needs one number, its first line, to tell where a compile
 * error is in the source.
 */
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";

/** A run of lines of one file without an import among them. */
export interface Part {
  /** Path of the file. */
  readonly path: string;
  /** Which part of its file this is, from 0. */
  readonly index: number;
  /** Line of the file that the text begins with, from 1. */
  readonly line: number;
  /** Lines, each with its end. */
  readonly text: string;
}

const IMPORT = /^#import ([\w/]+)$/;

/** Folder that imports are looked for in, and that files are named from: `shaders`. */
function shaderRoot(path: string): string {
  return isLibrary(path) ? dirname(dirname(path)) : dirname(path);
}

/** Whether a file is there to be imported and has no kernels of its own. */
export function isLibrary(path: string): boolean {
  return basename(dirname(path)) === "lib";
}

/** `conv3x3.wgsl`, `lib/index.wgsl`. */
export function shaderName(path: string): string {
  return relative(shaderRoot(path), path).replaceAll("\\", "/");
}

/** One file cut at its imports: parts, and between them the paths of what it imports. */
export function cutFile(path: string): readonly (Part | string)[] {
  const pieces: (Part | string)[] = [];
  let [index, first] = [0, 0];
  const lines = stripped(readFileSync(path, "utf8")).split("\n");
  const cut = (end: number) => {
    pieces.push({ path, index: index++, ...trimmed(lines.slice(first, end), first + 1) });
    first = end + 1;
  };
  for (const [i, line] of lines.entries()) {
    const name = IMPORT.exec(line)?.[1];
    if (name === undefined) continue;
    const target = join(shaderRoot(path), `${name}.wgsl`);
    if (!existsSync(target)) throw new Error(`${path}: #import ${name}: there is no ${target}`);
    cut(i);
    pieces.push(target);
  }
  cut(lines.length);
  return pieces;
}

/** The parts of a shader in order, those of a file that is imported again left out; `seen` takes all its files. */
export function resolveImports(path: string, seen = new Set<string>()): readonly Part[] {
  seen.add(path);
  return cutFile(path).flatMap((piece) => {
    if (typeof piece !== "string") return piece.text === "" ? [] : [piece];
    return seen.has(piece) ? [] : resolveImports(piece, seen);
  });
}

/** Without the empty lines at either end. */
function trimmed(lines: readonly string[], line: number): { readonly line: number; readonly text: string } {
  const first = lines.findIndex((text) => text !== "");
  if (first < 0) return { line, text: "" };
  const last = lines.findLastIndex((text) => text !== "");
  return { line: line + first, text: `${lines.slice(first, last + 1).join("\n")}\n` };
}

/** WGSL without comments and needless white space; each line stays a line. */
export function stripped(code: string): string {
  return withoutComments(code).split("\n").map(squeezed).join("\n");
}

/** Block comments nest (WGSL, section 3.3); their line ends are kept. */
function withoutComments(code: string): string {
  let [text, depth] = ["", 0];
  for (let i = 0; i < code.length; i++) {
    const two = code.slice(i, i + 2);
    if (two === "/*" || (two === "*/" && depth > 0)) {
      depth += two === "/*" ? 1 : -1;
      text += " ";
      i++;
    } else if (two === "//" && depth === 0) {
      i = code.slice(i).search(/\n|$/) + i - 1;
    } else if (depth === 0 || code[i] === "\n") {
      text += code[i];
    }
  }
  return text;
}

/**
 * No space beside a mark that is a token by itself, nor around an operator between two operands. Others stay: `a - -b`
 * is not `a--b`, and `vec4<f32> =` is not `vec4<f32>=` to every compiler.
 */
function squeezed(line: string): string {
  return line
    .trim()
    .replace(/\s+/g, " ")
    .replace(/ ?([,;:(){}[\]]) ?/g, "$1")
    .replace(/(?<=[\w)\]]) ?(->|&&|\|\||<<=?|>>=?|[-+*/%&|^<>=!]=?) ?(?=[\w(])/g, "$1");
}
