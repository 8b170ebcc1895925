/** The build plugin: what it makes of shaders, against WGSL's rules and against the sources as they are read. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { conv3x3_forward_subgroup } from "../../shaders/conv3x3_subgroup.wgsl";
import { l2_backward, seed_activation, seed_constant } from "../../shaders/objective.wgsl";
import { preprocess_forward } from "../../shaders/preprocess.wgsl";
import { relu_forward, code as reluCode } from "../../shaders/relu.wgsl";
import { loadShader, wgsl } from "../../src/build/wgsl.ts";
import { resolveImports } from "../../src/build/wgsl-text.ts";
import { dispatch } from "../../src/gpu/dispatch.ts";
import { writeUniform } from "../../src/gpu/kernel.ts";
import { ROOT } from "../stacks/environment.ts";

const SHADERS = join(ROOT, "shaders");
const shaderFiles = readdirSync(SHADERS).filter((name) => name.endsWith(".wgsl"));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "wgsl-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Writes shader sources by path and returns the path of the first. */
function shaders(files: Readonly<Record<string, string>>): string {
  const paths = Object.entries(files).map(([name, text]) => {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  });
  return paths[0]!;
}

const resolved = (path: string) =>
  resolveImports(path)
    .map(({ text }) => text)
    .join("");

const occurrences = (text: string, part: string) => text.split(part).length - 1;

describe("imports", () => {
  it("are put in place once, however many files ask for them", () => {
    const path = shaders({
      "top.wgsl": "#import lib/left\n#import lib/right\n#import lib/left\nfn top() {}",
      "lib/left.wgsl": "#import lib/base\nfn left() {}",
      "lib/right.wgsl": "#import lib/base\nfn right() {}",
      "lib/base.wgsl": "fn base() {}",
    });
    const code = resolved(path);
    for (const name of ["base", "left", "right", "top"]) expect(occurrences(code, `fn ${name}()`)).toBe(1);
    expect(code.indexOf("fn base()")).toBeLessThan(code.indexOf("fn left()"));
    expect(code).not.toContain("#import");
  });

  it("may go round in a circle", () => {
    const path = shaders({
      "ring.wgsl": "#import lib/a\nfn ring() {}",
      "lib/a.wgsl": "#import lib/b\nfn a() {}",
      "lib/b.wgsl": "#import lib/a\nfn b() {}",
    });
    const code = resolved(path);
    for (const name of ["a", "b", "ring"]) expect(occurrences(code, `fn ${name}()`)).toBe(1);
  });

  it("that are not there name the file that asks and the file that is missing", () => {
    const path = shaders({ "lost.wgsl": "fn lost() {}\n#import lib/nowhere\n" });
    expect(() => resolveImports(path)).toThrow(path);
    expect(() => resolveImports(path)).toThrow(join(folder, "lib/nowhere.wgsl"));
  });
});

describe("layouts follow WGSL's rules", () => {
  it("of the shaders are those worked out by hand", () => {
    expect(preprocess_forward.uniform).toEqual({
      binding: 0,
      size: 64,
      fields: {
        batch: { offset: 0, type: "u32", length: 1 },
        size: { offset: 8, type: "u32", length: 2 },
        window: { offset: 16, type: "u32", length: 4 },
        order: { offset: 32, type: "u32", length: 4 },
        scale: { offset: 48, type: "f32", length: 4 },
      },
    });
    expect(l2_backward.uniform).toMatchObject({
      binding: 3,
      size: 32,
      fields: { l2: { offset: 8, type: "f32" } },
    });
    expect(seed_constant.uniform).toMatchObject({ binding: 0, size: 32, fields: { scale: { offset: 20 } } });
  });

  it("values are written where the layout says, the rest keeps what it holds", () => {
    const bytes = new Uint8Array(80).fill(0xaa);
    const view = new DataView(bytes.buffer);
    writeUniform(view, 16, preprocess_forward, { batch: 0x0102_0304, scale: [1, -2, 0.5, 0] });
    expect([...bytes.subarray(16, 20)]).toEqual([4, 3, 2, 1]);
    expect([64, 68, 72, 76].map((offset) => view.getFloat32(offset, true))).toEqual([1, -2, 0.5, 0]);
    expect([...bytes.subarray(0, 16), ...bytes.subarray(20, 64)].every((byte) => byte === 0xaa)).toBe(true);
  });

  it("values of unknown names or wrong lengths are refused", () => {
    const view = new DataView(new ArrayBuffer(48));
    expect(() => writeUniform(view, 0, preprocess_forward, { aria: 1 })).toThrow(
      "no uniform field named aria",
    );
    expect(() => writeUniform(view, 0, preprocess_forward, { scale: [1, 2, 3] })).toThrow("scale takes 4");
  });
});

describe("kernels", () => {
  const declared = /@group\((\d+)\)\s*@binding\((\d+)\)\s*var<(uniform|storage)(?:,\s*(\w+))?>\s*(\w+)/g;

  it.each(shaderFiles)("of %s have each binding once, in order, as the source declares it", (file) => {
    const { code, kernels } = loadShader(join(SHADERS, file));
    const source = new Map(
      [...code.matchAll(declared)].map(([, , binding, , access, name]) => [
        name,
        { binding: Number(binding), access },
      ]),
    );
    expect(new Set(kernels.map(({ name }) => name)).size).toBe(kernels.length);
    for (const { storage } of kernels) {
      for (const [name, binding] of Object.entries(storage)) expect(binding).toEqual(source.get(name));
      const numbers = Object.values(storage).map(({ binding }) => binding);
      expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    }
  });

  it("have the bindings they use, through functions as well, and no others", () => {
    expect(Object.keys(seed_constant.storage)).toEqual(["gradient"]);
    expect(Object.keys(seed_activation.storage)).toEqual(["activation", "gradient"]);
    const names = Object.fromEntries(
      loadShader(join(SHADERS, "optimizer.wgsl")).kernels.map(({ name, storage }) => [
        name,
        Object.keys(storage),
      ]),
    );
    // `values` is reached through step_by() alone.
    expect(names).toEqual({
      update_sgd: ["values", "gradient"],
      update_normalized: ["values", "gradient", "sums"],
      update_rms: ["values", "gradient", "sums"],
      update_mean: ["values", "gradient", "sums"],
      update_momentum: ["values", "gradient", "moment1"],
      update_adam: ["values", "gradient", "moment1", "moment2", "state"],
      update_nadam: ["values", "gradient", "moment1", "moment2", "state"],
      update_rmsprop: ["values", "gradient", "moment1"],
      advance: ["next"],
    });
  });

  it("know their overrides and the features they need", () => {
    const { kernels } = loadShader(join(SHADERS, "conv3x3_subgroup.wgsl"));
    for (const { overrides, features } of kernels) {
      expect(overrides).toEqual(["WORKGROUP"]);
      expect(features).toEqual(["subgroups"]);
    }
  });
});

describe("the module of a shader", () => {
  it("exports the resolved code and its kernels", () => {
    const { code, kernels } = loadShader(join(SHADERS, "relu.wgsl"));
    expect(reluCode).toBe(code);
    expect(code).toContain("fn word_of");
    expect(code).not.toContain("//");
    expect({ ...relu_forward }).toEqual(
      JSON.parse(JSON.stringify(kernels.find(({ name }) => name === "relu_forward"))),
    );
  });

  it("is made anew when the shader or anything it imports changes", async () => {
    const path = shaders({
      "watched.wgsl": "#import lib/outer\n",
      "lib/outer.wgsl": "#import lib/inner\n",
      "lib/inner.wgsl": "",
    });
    const watched: string[] = [];
    const load = wgsl().load as unknown as (
      this: { addWatchFile(file: string): void },
      id: string,
    ) => unknown;
    await load.call({ addWatchFile: (file) => watched.push(file) }, path);
    expect(watched).toEqual([path, join(folder, "lib/outer.wgsl"), join(folder, "lib/inner.wgsl")]);
  });

  it("is declared, so that a wrong, missing or extra name does not compile", () => {
    const options = { label: "", workgroups: [1, 1, 1] as const };
    const uniform = { batch: 1, channels: 1, height: 1, width: 1, flag: 0 };
    const buffers = { input: "a", output: "b", bits: "c" };
    const rest = { ...options, uniform };
    expect(dispatch(relu_forward, { ...rest, buffers }).kernel.name).toBe("relu_forward");
    // @ts-expect-error a binding is missing
    dispatch(relu_forward, { ...rest, buffers: { input: "a", output: "b" } });
    // @ts-expect-error a binding is misspelt
    dispatch(relu_forward, { ...rest, buffers: { input: "a", output: "b", bit: "c" } });
    // @ts-expect-error there is no such binding
    dispatch(relu_forward, { ...rest, buffers: { input: "a", output: "b", bits: "c", mask: "d" } });
    // @ts-expect-error uniform fields are missing
    dispatch(relu_forward, { ...options, buffers, uniform: { batch: 1, channels: 1 } });
    // @ts-expect-error a scalar takes no vector
    dispatch(relu_forward, { ...options, buffers, uniform: { ...uniform, batch: [1, 2] } });
    const tile = { inputHeight: 1, inputWidth: 1, outputHeight: 1, outputWidth: 1, pad: 1 };
    const tiled = {
      ...options,
      buffers: { weights: "a", bias: "b", input: "c", output: "d" },
      uniform: { ...tile, inputChannels: 1, outputChannels: 1 },
    };
    dispatch(conv3x3_forward_subgroup, { ...tiled, overrides: { WORKGROUP: 8 } });
    // @ts-expect-error there is no such override
    dispatch(conv3x3_forward_subgroup, { ...tiled, overrides: { WORKGROUPS: 8 } });
  });

  it("is declared in a file beside it", () => {
    const path = shaders({
      "small.wgsl":
        "@group(0) @binding(0) var<storage, read_write> x: array<f32>;\n@compute @workgroup_size(1) fn small() { x[0] = 1; }",
    });
    loadShader(path);
    const text = readFileSync(path.replace(".wgsl", ".d.wgsl.ts"), "utf8");
    expect(text).toContain('export declare const small: KernelSource<"x", {  }, never>;');
  });
});
