import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadShader } from "../../src/build/wgsl.ts";
import { reflectKernels } from "../../src/build/wgsl-kernels.ts";
import { cutFile, isLibrary, resolveImports, shaderName, stripped } from "../../src/build/wgsl-text.ts";
import { placeOf } from "../../src/gpu/kernel.ts";
import { ROOT } from "../stacks/environment.ts";

const SHADERS = join(ROOT, "shaders");
const shaderFiles = readdirSync(SHADERS).filter((name) => name.endsWith(".wgsl"));

describe("stripped text", () => {
  it.each([
    ["let a = b; // why", "let a=b;"],
    ["  let a = 1.5 ;  ", "let a=1.5;"],
    ["/* one */ let a = b /* two */ + c;", "let a=b+c;"],
    ["a /* x /* y */ z */ = b;", "a=b;"],
    ["/* // */ a = b;", "a=b;"],
    ["// /* not begun", ""],
    ["a = b / c; /*/ still */ d = e;", "a=b/c;d=e;"],
    ["fn f(a: u32, b: vec2<f32>) -> f32 {", "fn f(a:u32,b:vec2<f32>)->f32{"],
    ["@compute @workgroup_size(64)", "@compute @workgroup_size(64)"],
    ["if (a < b && c >= d[0] || !e) { return; }", "if(a<b&&c>=d[0]|| !e){return;}"],
    ["x += y << 2u;", "x+=y<<2u;"],
  ])("of %j is %j", (code, text) => {
    expect(stripped(code)).toBe(text);
  });

  it.each([
    ["a = b - -c;", "b - -c"],
    ["a = -b;", "= -b"],
    ["a = b & &c;", "b & &c"],
    ["a = b / *c;", "b / *c"],
    ["var x: vec4<f32> = y;", "> = y"],
    ["else if (a) {", "else if(a)"],
    ["enable f16;", "enable f16"],
  ])("of %j keeps the space that tells tokens apart", (code, kept) => {
    expect(stripped(code)).toContain(kept);
  });

  it("has as many lines as the source", () => {
    const code = "a\n\n// b\n/* c\n d */ e\n";
    expect(stripped(code).split("\n")).toEqual(["a", "", "", "", "e", ""]);
  });

  it.each(shaderFiles)("of %s is stripped once for all, and means the same kernels", (file) => {
    const { code, kernels } = loadShader(join(SHADERS, file));
    expect(stripped(code)).toBe(code);
    const reflected = reflectKernels(source(join(SHADERS, file)), file);
    const described = kernels.map(({ lines: _, ...kernel }) => ({ ...kernel, code: "" }));
    expect(reflected.map((kernel) => ({ ...kernel, code: "" }))).toEqual(described);
  });
});

/** The text with imports in place, as it is written. */
function source(path: string, seen = new Set<string>()): string {
  seen.add(path);
  return readFileSync(path, "utf8").replace(/^#import (\S+)$/gm, (_, name: string) => {
    const target = join(SHADERS, `${name}.wgsl`);
    return seen.has(target) ? "" : source(target, seen);
  });
}

describe("lines", () => {
  it.each(shaderFiles)("of %s are found in the source", (file) => {
    const { code, kernels } = loadShader(join(SHADERS, file));
    const [kernel] = kernels;
    if (!kernel) return;
    for (const [i, text] of code.split("\n").slice(0, -1).entries()) {
      const [, name, line] = /^(.+) line (\d+)$/.exec(placeOf(kernel, i + 1)) ?? [];
      expect(stripped(readFileSync(join(SHADERS, name!), "utf8")).split("\n")[Number(line) - 1]).toBe(text);
    }
  });
});

describe("parts of a file", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "wgsl-text-"));
    const files = {
      "top.wgsl": "// Says what.\nenable f16;\n#import lib/a\n\nfn top() {}\n#import lib/a\nfn last() {}",
      "lib/a.wgsl": "// Shared.\n\nfn a() {\n  // nothing\n}\n",
    };
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("are cut at imports and begin with their first line that is not empty", () => {
    const path = join(folder, "top.wgsl");
    expect(cutFile(path)).toEqual([
      { path, index: 0, line: 2, text: "enable f16;\n" },
      join(folder, "lib/a.wgsl"),
      { path, index: 1, line: 5, text: "fn top(){}\n" },
      join(folder, "lib/a.wgsl"),
      { path, index: 2, line: 7, text: "fn last(){}\n" },
    ]);
  });

  it("of an import come in once, with their own lines", () => {
    const parts = resolveImports(join(folder, "top.wgsl"));
    expect(parts.map(({ path, line, text }) => [shaderName(path), line, text])).toEqual([
      ["top.wgsl", 2, "enable f16;\n"],
      ["lib/a.wgsl", 3, "fn a(){\n\n}\n"],
      ["top.wgsl", 5, "fn top(){}\n"],
      ["top.wgsl", 7, "fn last(){}\n"],
    ]);
  });

  it("of a library are those of a file in lib", () => {
    expect(isLibrary(join(folder, "lib/a.wgsl"))).toBe(true);
    expect(isLibrary(join(folder, "top.wgsl"))).toBe(false);
  });
});
