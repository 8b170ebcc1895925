/** What wgsl_reflect tells of a shader, as kernels that TypeScript binds by name, and their declarations. */
// The package's entry point for Node is CommonJS under a name that Node takes for a module.
import {
  type FunctionInfo,
  type StructInfo,
  type VariableInfo,
  WgslReflect,
} from "wgsl_reflect/wgsl_reflect.module.js";
import type { KernelSource, Scalar, UniformField, UniformLayout } from "../gpu/kernel.ts";

/** The kernels of one file, in order of appearance. @param code without imports */
export function reflectKernels(code: string, file: string): Omit<KernelSource, "lines">[] {
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
      overrides: [...overridesOf(entry, reflection, code)],
      features,
    };
  });
}

/**
 * Names of the overrides that a function and the functions it calls read: of a `lib` module too. WgslReflect sees neither
 * calls that are statements nor what stands within `if`, so names are looked for in the text.
 */
function overridesOf(one: FunctionInfo, reflection: WgslReflect, code: string): Set<string> {
  const text = code
    .split("\n")
    .slice(one.startLine - 1, one.endLine)
    .join("\n");
  const names = (all: readonly { readonly name: string }[]) => all.map(({ name }) => name);
  const own = names(reflection.overrides).filter((name) => new RegExp(`\\b${name}\\b`).test(text));
  const called = reflection.functions
    .filter((other) => other.name !== one.name && new RegExp(`\\b${other.name}\\(`).test(text))
    .flatMap((other) => [...overridesOf(other, reflection, code)]);
  return new Set([...names(one.overrides), ...own, ...called]);
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
    "// Made by src/build from the shader beside this file.",
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
