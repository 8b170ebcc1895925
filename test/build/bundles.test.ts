import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { bundle } from "../../src/build/bundles.ts";
import { ROOT } from "../stacks/environment.ts";

/** Entry files by name; those of a list are named after their files. */
function entries(mode: string): Readonly<Record<string, string>> {
  const input = bundle(mode).build?.rolldownOptions?.input ?? {};
  if (typeof input === "string") return {};
  if (!Array.isArray(input)) return input as Readonly<Record<string, string>>;
  return Object.fromEntries(input.map((file: string) => [/(\w[\w-]*)\.ts$/.exec(file)?.[1] ?? file, file]));
}

describe.each(["node", "runtime", "library"])("the bundle %s", (mode) => {
  it("is made of files that are there", () => {
    expect(Object.keys(entries(mode))).not.toEqual([]);
    for (const file of Object.values(entries(mode)))
      expect([file, existsSync(join(ROOT, file))]).toEqual([file, true]);
  });

  it("goes into a folder of its own", () => {
    expect(bundle(mode).build?.outDir).toMatch(/^dist\/\w+$/);
  });
});

it("there is nothing to add to the page's own build", () => {
  expect(bundle("production")).toEqual({});
});

it("has every entry of the package that package.json promises", () => {
  const { exports, bin } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
    readonly exports: Readonly<Record<string, { readonly default?: string }>>;
    readonly bin: Readonly<Record<string, string>>;
  };
  const promised = Object.values(exports).flatMap(({ default: file }) => file ?? []);
  const library = promised.filter((file) => file.startsWith("./dist/lib/"));
  const built = Object.keys(entries("library")).map((name) => `./dist/lib/${name}.js`);
  expect(built.sort()).toEqual(library.sort());
  expect(Object.values(bin)).toEqual(["dist/node/cli.js"]);
  expect(Object.keys(entries("node"))).toContain("cli");
});
