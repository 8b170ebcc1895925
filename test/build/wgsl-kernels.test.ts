import { describe, expect, it } from "vitest";
import { declarations, reflectKernels } from "../../src/build/wgsl-kernels.ts";

describe("a uniform", () => {
  it("aligns vectors of 2 to 8 bytes, of 3 and 4 to 16", () => {
    const [kernel] = reflectKernels(
      `struct Mixed { a: f32, b: vec2u, c: i32, d: vec3f, e: f32, f: u32, g: vec4i, h: vec2f, i: f32 }
      @group(0) @binding(3) var<uniform> mixed: Mixed;
      @group(0) @binding(1) var<storage, read_write> output: array<f32>;
      @compute @workgroup_size(1) fn main() { output[0] = mixed.a; }`,
      "mixed.wgsl",
    );
    expect(kernel?.uniform).toEqual({
      binding: 3,
      // i ends at 92; the struct is aligned to 16.
      size: 96,
      fields: {
        a: { offset: 0, type: "f32", length: 1 },
        b: { offset: 8, type: "u32", length: 2 },
        c: { offset: 16, type: "i32", length: 1 },
        d: { offset: 32, type: "f32", length: 3 },
        e: { offset: 44, type: "f32", length: 1 },
        f: { offset: 48, type: "u32", length: 1 },
        g: { offset: 64, type: "i32", length: 4 },
        h: { offset: 80, type: "f32", length: 2 },
        i: { offset: 88, type: "f32", length: 1 },
      },
    });
  });
});

describe("kernels", () => {
  it("know their overrides and the features they need", () => {
    const [half] = reflectKernels(
      `enable f16;
      enable subgroups;
      override SIZE: u32 = 8;
      @group(0) @binding(0) var<storage, read_write> output: array<f32>;
      @compute @workgroup_size(SIZE) fn half() { output[SIZE] = f32(f16(SIZE)); }`,
      "half.wgsl",
    );
    expect(half).toMatchObject({ overrides: ["SIZE"], features: ["shader-f16", "subgroups"] });
  });

  it("know the overrides of the functions that they call, wherever the call stands", () => {
    const kernels = reflectKernels(
      `override COLOURS: u32 = 3u;
override OTHER: u32 = 1u;
@group(0) @binding(0) var<storage, read_write> output: array<f32>;
fn inner(i: u32) -> u32 { return i * COLOURS; }
fn store(i: u32) {
  if (i > 1u) { output[inner(i)] = 1.0; }
}
@compute @workgroup_size(1)
fn far() { store(2u); }
@compute @workgroup_size(1)
fn near() { if (output[0] > 0.0) { output[OTHER % COLOURS] = 1.0; } }
@compute @workgroup_size(1)
fn none() { output[0] = 1.0; }`,
      "calls.wgsl",
    );
    expect(kernels.map(({ overrides }) => [...overrides].sort())).toEqual([
      ["COLOURS"],
      ["COLOURS", "OTHER"],
      [],
    ]);
  });

  it("have the builtins of a struct as those of its own parameters", () => {
    const body = "output[at.group.x] = f32(at.local);";
    const [kernel] = reflectKernels(
      `struct At { @builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32 }
      @group(0) @binding(0) var<storage, read_write> output: array<f32>;
      @compute @workgroup_size(64) fn main(at: At) { ${body} }`,
      "struct.wgsl",
    );
    expect(kernel).toMatchObject({ name: "main", storage: { output: { binding: 0, access: "read_write" } } });
  });

  it.each([
    ["two uniforms", "@group(0) @binding(1) var<uniform> b: One;", "b.x", "more than one uniform"],
    ["another group", "@group(1) @binding(1) var<storage> b: array<f32>;", "b[0]", "only @group(0)"],
  ])("with %s are refused by file and name", (_, declaration, use, message) => {
    const code = `struct One { x: f32 }
      @group(0) @binding(0) var<uniform> a: One;
      ${declaration}
      @group(0) @binding(2) var<storage, read_write> output: array<f32>;
      @compute @workgroup_size(1) fn main() { output[0] = a.x + ${use}; }`;
    expect(() => reflectKernels(code, "refused.wgsl")).toThrow(`refused.wgsl: main: ${message}`);
  });

  it("with a uniform field that is no scalar or vector are refused", () => {
    const code = `struct One { m: mat4x4f }
      @group(0) @binding(0) var<uniform> a: One;
      @group(0) @binding(2) var<storage, read_write> output: array<f32>;
      @compute @workgroup_size(1) fn main() { output[0] = a.m[0][0]; }`;
    expect(() => reflectKernels(code, "refused.wgsl")).toThrow("refused.wgsl: One.m is mat4x4");
  });
});

describe("declarations", () => {
  const kernel = {
    ...{ name: "double", file: "double.wgsl", code: "", lines: [], overrides: ["WIDTH"], features: [] },
    storage: { input: { binding: 1, access: "read" }, output: { binding: 2, access: "read_write" } },
    uniform: {
      binding: 0,
      size: 32,
      fields: {
        count: { offset: 0, type: "u32", length: 1 },
        fill: { offset: 16, type: "f32", length: 4 },
      },
    },
  } as const;

  it("name the bindings, the uniform's fields and the overrides", () => {
    expect(declarations([kernel])).toContain(
      'export declare const double: KernelSource<"input" | "output", ' +
        '{ readonly count: number; readonly fill: readonly number[] }, "WIDTH">;',
    );
  });

  it("say where there are none", () => {
    const bare = { ...kernel, storage: {}, uniform: undefined, overrides: [] };
    expect(declarations([bare])).toContain("double: KernelSource<never, {  }, never>;");
  });
});
