/**
 * Vite plugin: makes typed kernels of the `.wgsl` files in `shaders/`.
 *
 * `import { conv3x3_forward } from "../../shaders/conv3x3.wgsl"` yields a `KernelSource`. The plugin
 * resolves `#import lib/name` lines, reflects the file with wgsl_reflect and writes a declaration file
 * beside it (`conv3x3.d.wgsl.ts`, not committed), so that a wrong binding name is a compile error.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { Plugin } from "vite";
// The package's entry point for Node is CommonJS under a name that Node takes for a module.
import { type StructInfo, type VariableInfo, WgslReflect } from "wgsl_reflect/wgsl_reflect.module.js";
import type { KernelSource, Scalar, UniformField, UniformLayout } from "../gpu/kernel.ts";

const IMPORT = /^#import\s+([\w/]+)\s*$/;

/** Source text with each `#import lib/name` line replaced, once per file, by that file's text. */
export function resolveImports(path: string, root: string, seen = new Set<string>()): string {
  seen.add(path);
  const lines = readFileSync(path, "utf8").split("\n");
  const resolved = lines.map((line) => {
    const name = IMPORT.exec(line)?.[1];
    if (!name) return line;
    const target = join(root, `${name}.wgsl`);
    if (!existsSync(target)) throw new Error(`${path}: #import ${name}: there is no ${target}`);
    return seen.has(target) ? "" : resolveImports(target, root, seen);
  });
  return resolved.join("\n");
}

/** The kernels of one file, in order of appearance. */
export function reflectKernels(code: string, file: string): KernelSource[] {
  const reflection = new WgslReflect(code);
  const features: GPUFeatureName[] = [];
  if (/^\s*enable\s+[\w,\s]*f16/m.test(code)) features.push("shader-f16");
  if (/^\s*enable\s+[\w,\s]*subgroups/m.test(code)) features.push("subgroups");
  return reflection.entry.compute.map((entry) => {
    const resources = new Map(entry.resources.map((resource) => [resource.name, resource]));
    const all = [...resources.values()].sort((a, b) => a.binding - b.binding);
    if (all.some((resource) => resource.group !== 0)) {
      throw new Error(`${file}: ${entry.name}: only @group(0) is used here`);
    }
    const storage = all.filter((resource) => resource.resourceType === 1);
    const uniforms = all.filter((resource) => resource.resourceType === 0);
    if (uniforms.length > 1) throw new Error(`${file}: ${entry.name}: more than one uniform`);
    return {
      name: entry.name,
      file,
      code,
      storage: Object.fromEntries(
        storage.map(({ name, binding, access }) => [
          name,
          { binding, access: access === "read" ? "read" : "read_write" },
        ]),
      ),
      uniform: uniforms[0] && uniformLayout(uniforms[0], file),
      overrides: [...new Set(entry.overrides.map((override) => override.name))],
      features,
    };
  });
}

function uniformLayout(variable: VariableInfo, file: string): UniformLayout {
  const struct = variable.type as StructInfo;
  const fields = struct.members.map((member): [string, UniformField] => {
    const { type, length } = scalarType(
      member.type.name,
      member.type.size,
      `${file}: ${struct.name}.${member.name}`,
    );
    return [member.name, { offset: member.offset, type, length }];
  });
  return {
    binding: variable.binding,
    size: Math.ceil(struct.size / 16) * 16,
    fields: Object.fromEntries(fields),
  };
}

function scalarType(name: string, size: number, where: string): { type: Scalar; length: number } {
  const suffix = /^vec[234](u|i|f)$/.exec(name)?.[1];
  const type = suffix ? { u: "u32", i: "i32", f: "f32" }[suffix] : name;
  if (type !== "u32" && type !== "i32" && type !== "f32") {
    throw new Error(`${where} is ${name}; a uniform field is a scalar or written as vec2u … vec4f`);
  }
  return { type, length: suffix ? size / 4 : 1 };
}

/** TypeScript declarations of one file's kernels. */
export function declarations(kernels: readonly KernelSource[]): string {
  const lines = [
    "// Made by src/build/wgsl.ts from the shader beside this file.",
    'import type { KernelSource } from "../src/gpu/kernel.ts";',
    "export declare const code: string;",
  ];
  for (const kernel of kernels) {
    const names = (keys: readonly string[]) => keys.map((key) => JSON.stringify(key)).join(" | ") || "never";
    const fields = Object.entries(kernel.uniform?.fields ?? {}).map(
      ([name, { length }]) => `readonly ${name}: ${length === 1 ? "number" : "readonly number[]"}`,
    );
    lines.push(
      `export declare const ${kernel.name}: KernelSource<${names(Object.keys(kernel.storage))}, ` +
        `{ ${fields.join("; ")} }, ${names(kernel.overrides)}>;`,
    );
  }
  return `${lines.join("\n")}\n`;
}

function writeDeclarations(path: string, kernels: readonly KernelSource[]): void {
  const target = path.replace(/\.wgsl$/, ".d.wgsl.ts");
  const text = declarations(kernels);
  if (!existsSync(target) || readFileSync(target, "utf8") !== text) writeFileSync(target, text);
}

/** Reads, resolves, reflects and declares one shader file; `files` are it and all it imports. */
export function loadShader(path: string): {
  code: string;
  kernels: KernelSource[];
  files: ReadonlySet<string>;
} {
  const root = resolve(dirname(path));
  const files = new Set<string>();
  const code = resolveImports(path, root, files);
  const kernels = reflectKernels(code, basename(path));
  writeDeclarations(path, kernels);
  return { code, kernels, files };
}

/** Declares every shader of a folder; `npm run shaders` does this before a type check. */
export function declareShaders(folder: string): void {
  for (const name of readdirSync(folder)) if (name.endsWith(".wgsl")) loadShader(join(folder, name));
}

export function wgsl(): Plugin {
  return {
    name: "ascent-wgsl",
    enforce: "pre",
    load(id) {
      const path = id.split("?")[0] ?? id;
      if (!path.endsWith(".wgsl")) return null;
      const { code, kernels, files } = loadShader(path);
      for (const file of files) this.addWatchFile(file);
      const exports = kernels.map(
        ({ code: _, ...kernel }) => `export const ${kernel.name} = { ...${JSON.stringify(kernel)}, code };`,
      );
      return { code: `export const code = ${JSON.stringify(code)};\n${exports.join("\n")}`, map: null };
    },
  };
}
