/** Every entry point in `shaders/` has a float64 twin of its name and a case that proves it on the GPU. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { WgslReflect } from "wgsl_reflect/wgsl_reflect.module.js";
import { loadShader } from "../src/build/wgsl.ts";
import * as twins from "./reference/twins.ts";
import { caseFiles } from "./stacks/case.ts";
import { ROOT } from "./stacks/environment.ts";
import { countsWorkgroups } from "./support/execute.ts";

const SHADERS = join(ROOT, "shaders");

/** A vertex shader has no numbers of its own: it is proven by the pixels it covers. */
const WITHOUT_TWIN = ["present_vertex"];

const files = readdirSync(SHADERS).filter((name) => name.endsWith(".wgsl"));

function entryPoints(file: string): string[] {
  const { code } = loadShader(join(SHADERS, file));
  return [...code.matchAll(/^@(?:compute|vertex|fragment)\b[^{]*?\bfn\s+(\w+)/gm)].map((match) => match[1]!);
}

async function caseNames(): Promise<string[]> {
  const loaded = await Promise.all(Object.values(caseFiles).map((load) => load()));
  return loaded.flat().map(({ name }) => name);
}

describe.each(files)("%s", (file) => {
  const entries = entryPoints(file);

  it("has entry points, the compute ones reflected", () => {
    expect(entries.length).toBeGreaterThan(0);
    const kernels = loadShader(join(SHADERS, file)).kernels.map(({ name }) => name);
    expect(entries.filter((name) => !/_(vertex|fragment)$/.test(name))).toEqual(kernels);
  });

  it("is folded by the cases where it reads the number of workgroups, and nowhere else", () => {
    const { code, kernels } = loadShader(join(SHADERS, file));
    const reads = new WgslReflect(code).entry.compute.filter(({ inputs }) =>
      inputs.some(({ location }) => location === "num_workgroups"),
    );
    expect(kernels.filter(countsWorkgroups).map(({ name }) => name)).toEqual(reads.map(({ name }) => name));
  });

  it.each(entries.filter((name) => !WITHOUT_TWIN.includes(name)))("%s has a twin", (entry) => {
    expect(Object.keys(twins)).toContain(entry);
  });

  it.each(entries)("%s has a case", async (entry) => {
    const proven = (await caseNames()).flatMap((name) => name.split(":")[0]!.split(" "));
    expect(proven).toContain(entry);
  });
});

it("has no twin without an entry point", () => {
  expect(files.flatMap(entryPoints)).toEqual(expect.arrayContaining(Object.keys(twins)));
});
