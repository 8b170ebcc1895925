/**
 * Vite plugin: makes typed kernels of the `.wgsl` files in `shaders/`.
 *
 * `import { conv3x3_forward } from "../../shaders/conv3x3.wgsl"` yields a `KernelSource`. The plugin puts imports in
 * place and strips the text (wgsl-text.ts), reflects it (wgsl-kernels.ts) and writes a declaration file beside it
 * (`conv3x3.d.wgsl.ts`, not committed), so that a wrong binding name is a compile error.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Plugin } from "vite";
import type { CodeLines, KernelSource } from "../gpu/kernel.ts";
import { declarations, reflectKernels } from "./wgsl-kernels.ts";
import { cutFile, isLibrary, type Part, resolveImports, shaderName } from "./wgsl-text.ts";

export interface Shader {
  readonly code: string;
  readonly kernels: readonly KernelSource[];
  /** What the code is put together from. */
  readonly parts: readonly Part[];
  /** The file and all it imports. */
  readonly files: ReadonlySet<string>;
}

/** Reads, resolves, reflects and declares one shader file. */
export function loadShader(path: string): Shader {
  const files = new Set<string>();
  const parts = resolveImports(resolve(path), files);
  const code = parts.map(({ text }) => text).join("");
  const lines = parts.map(
    ({ path, line, text }): CodeLines => [shaderName(path), line, text.split("\n").length - 1],
  );
  const kernels = reflectKernels(code, shaderName(path)).map((kernel) => ({ ...kernel, lines }));
  writeDeclarations(path, kernels);
  return { code, kernels, parts, files };
}

function writeDeclarations(path: string, kernels: readonly KernelSource[]): void {
  const target = path.replace(/\.wgsl$/, ".d.wgsl.ts");
  const text = declarations(kernels);
  if (!existsSync(target) || readFileSync(target, "utf8") !== text) writeFileSync(target, text);
}

/** Declares every shader of a folder; `npm run shaders` does this before a type check. */
export function declareShaders(folder: string): void {
  for (const name of readdirSync(folder)) if (name.endsWith(".wgsl")) loadShader(join(folder, name));
}

/** The texts of a file's own parts: what the modules of the shaders that import it share. */
function partsModule(path: string): string {
  const texts = cutFile(path).flatMap((piece) => (typeof piece === "string" ? [] : [piece.text]));
  return `export const parts = ${JSON.stringify(texts)};`;
}

/** The code put together from the modules of the parts' files, and the kernels. */
function kernelsModule(path: string, { kernels, parts, files }: Shader): string {
  const others = [...files].filter((file) => file !== path);
  const nameOf = (file: string) => (file === path ? "parts" : `parts${others.indexOf(file)}`);
  return [
    ...others.map((file) => `import { parts as ${nameOf(file)} } from "./${shaderName(file)}";`),
    partsModule(path),
    `export const code = ${parts.map(({ path, index }) => `${nameOf(path)}[${index}]`).join(" + ")};`,
    `const lines = ${JSON.stringify(kernels[0]?.lines ?? [])};`,
    ...kernels.map(
      ({ code: _, lines: __, ...kernel }) =>
        `export const ${kernel.name} = { ...${JSON.stringify(kernel)}, code, lines };`,
    ),
  ].join("\n");
}

export function wgsl(): Plugin {
  return {
    name: "ascent-wgsl",
    enforce: "pre",
    load(id) {
      const path = id.split("?")[0] ?? id;
      if (!path.endsWith(".wgsl")) return null;
      if (isLibrary(path)) return { code: partsModule(path), map: null };
      const shader = loadShader(path);
      for (const file of shader.files) this.addWatchFile(file);
      return { code: kernelsModule(path, shader), map: null };
    },
  };
}
