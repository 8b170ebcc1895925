/** The package as somebody else installs it: its entry points resolve, run in Node and have types. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { build } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ROOT, stackEnvironment, wantedStacks } from "./stacks/environment.ts";

const consumer = join(ROOT, ".cache", `consumer-${process.pid}`);
const installed = join(consumer, "node_modules", "webgpu-ascent");
const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");

function node(
  words: readonly string[],
  cwd: string,
): { readonly status: number | null; readonly output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { cwd, encoding: "utf8" });
  return { status, output: stdout + stderr };
}

beforeAll(async () => {
  mkdirSync(installed, { recursive: true });
  // Without one of its own it would count as part of this package, whose name then means these sources.
  writeFileSync(join(consumer, "package.json"), JSON.stringify({ name: "consumer", type: "module" }));
  cpSync(join(ROOT, "package.json"), join(installed, "package.json"));
  symlinkSync(join(ROOT, "weights"), join(installed, "weights"));
  // What it depends on, as npm would have put it beside it.
  for (const name of ["lit", "webgpu", "@webgpu", "@types"]) {
    symlinkSync(join(ROOT, "node_modules", name), join(consumer, "node_modules", name));
  }
  const library = join(installed, "dist/lib");
  await build({ root: ROOT, mode: "library", logLevel: "error", build: { outDir: library } });
  const types = ["--project", "src/build/tsconfig.types.json", "--outDir", join(library, "types")];
  expect(node([tsc, ...types], ROOT)).toEqual({ status: 0, output: "" });
}, 120_000);

afterAll(() => rmSync(consumer, { recursive: true, force: true }));

test("the core and the Node entry load where there is no DOM", () => {
  const script = `
    const { InputError, parseRecipe, defaultRecipe } = await import("webgpu-ascent");
    const { dawnGpu, fileSource } = await import("webgpu-ascent/node");
    const { saliency } = await import("webgpu-ascent/methods");
    let caught;
    try { parseRecipe({ ...defaultRecipe, objective: "channel:conv1_1:0", size: "large" }); }
    catch (error) { caught = error instanceof InputError; }
    console.log(caught, typeof dawnGpu, typeof fileSource, saliency.name, typeof saliency.run);`;
  const result = node(["--input-type=module", "--eval", script], consumer);
  expect(result).toEqual({ status: 0, output: "true function function Saliency function\n" });
});

const { available } = stackEnvironment("dawn");

test.skipIf(!available || !wantedStacks().includes("dawn"))(
  "the example for Node in .github/docs/library.md runs",
  () => {
    const blocks = readFileSync(join(ROOT, ".github/docs/library.md"), "utf8").matchAll(
      /^```js\n(.*?)^```/gms,
    );
    const [example] = [...blocks].map(([, code]) => code ?? "").filter((code) => code.includes("dawnGpu"));
    writeFileSync(join(consumer, "example.js"), example ?? "");
    const { status, output } = node(["example.js"], consumer);
    expect(output).toMatch(/^20\nFloat32Array\(12288\)/m);
    expect(status).toBe(0);
  },
);

test.skipIf(!available || !wantedStacks().includes("dawn"))("a broken shader is named by its source", () => {
  const source = readFileSync(join(ROOT, "shaders/lib/index.wgsl"), "utf8").split("\n");
  const line = source.findIndex((text) => text.startsWith("fn linear_index(")) + 1;
  const script = `
    const { ShaderError, createAscent, defaultRecipe, openModel, requestGpu } = await import("webgpu-ascent");
    const { dawnGpu, fileSource } = await import("webgpu-ascent/node");
    const { saliency } = await import("webgpu-ascent/methods");
    const gpu = await requestGpu(await dawnGpu());
    const make = gpu.device.createShaderModule.bind(gpu.device);
    gpu.device.createShaderModule = ({ code, ...rest }) =>
      make({ ...rest, code: code.replace("fn linear_index(", "fn linear_index(;") });
    const model = await openModel(await fileSource("${join(ROOT, "weights/ascent-vgg.safetensors")}"));
    const error = await createAscent(gpu, model, { ...defaultRecipe, size: [32, 32] }).catch((error) => error);
    console.log(error instanceof ShaderError, error.message);
    process.exit();`;
  const { output } = node(["--input-type=module", "--eval", script], consumer);
  expect(output).toMatch(new RegExp(`^true \\w+: lib/index\\.wgsl line ${line}: `, "m"));
});

test("packages that the library imports are installed with it", () => {
  const { dependencies, optionalDependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const folder = join(installed, "dist/lib");
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".js"),
  );
  const imported = files.flatMap((name) =>
    [
      ...readFileSync(join(folder, name), "utf8").matchAll(
        /(?:from\s*|import\()"((?:@[^/"]+\/)?[a-z][^/":]*)["/]/g,
      ),
    ].map(([, specifier]) => specifier as string),
  );
  expect(
    [...new Set(imported)].filter((one) => !(one in { ...dependencies, ...optionalDependencies })),
  ).toEqual([]);
});

test.each([
  ["nodenext", "nodenext"],
  ["esnext", "bundler"],
])("the types hold for module %s, resolution %s", (module, moduleResolution) => {
  writeFileSync(
    join(consumer, "main.ts"),
    `import { createAscent, defaultRecipe, openModel, requestGpu, urlSource, type Recipe } from "webgpu-ascent";
     import type { AscentView } from "webgpu-ascent/element";
     import { saliency, smoothgrad } from "webgpu-ascent/methods";
     import { dawnGpu, fileSource } from "webgpu-ascent/node";
     const recipe: Recipe = { ...defaultRecipe, objective: "class:0" };
     const gpu = await requestGpu(await dawnGpu());
     const ascent = await createAscent(gpu, await openModel(await fileSource("x")), recipe);
     const image: Float32Array = await ascent.readImage();
     export const view: Pick<AscentView, "objective"> = { objective: "class:0" };
     const model = await openModel(await fileSource("x"));
     const photo = { shape: [1, 3, 8, 8], data: image };
     const { report, tensors } = await saliency.run(gpu, model, { objective: "class:0", image: photo });
     export const found: readonly [number, Float32Array] = [report.objective, tensors.map.data];
     // @ts-expect-error a layer is no option of it
     await saliency.run(gpu, model, { objective: "class:0", image: photo, layer: "conv1_1" });
     await smoothgrad.run(gpu, model, { objective: "class:0", image: photo, samples: 4 });
     // @ts-expect-error a number is no URL
     await urlSource(image.length);`,
  );
  const options = { module, moduleResolution, target: "es2022", strict: true, noEmit: true, types: [] };
  const lib = ["es2023", "dom", "dom.iterable", "dom.asynciterable"];
  writeFileSync(
    join(consumer, "tsconfig.json"),
    JSON.stringify({ compilerOptions: { ...options, lib }, files: ["main.ts"] }),
  );
  expect(node([tsc, "--project", consumer], consumer)).toEqual({ status: 0, output: "" });
});
