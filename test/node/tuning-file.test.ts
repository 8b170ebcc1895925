/** Tunings are kept in one file, which may be missing, damaged, or read by another process. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { tuningFile } from "../../src/node/tuning-file.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ascent-tuning-"));
  path = join(folder, "webgpu-ascent", "kernels.json");
});
afterEach(() => rmSync(folder, { recursive: true }));

it("keeps a text for each adapter", async () => {
  const storage = tuningFile(folder);
  expect(await storage.read("one")).toBeUndefined();
  await storage.write("one", "first");
  await storage.write("two", "other");
  await storage.write("one", "second");
  expect(await Promise.all(["one", "two", "three"].map((key) => tuningFile(folder).read(key)))).toEqual([
    "second",
    "other",
    undefined,
  ]);
  expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({ one: "second", two: "other" });
  expect(readdirSync(dirname(path))).toEqual(["kernels.json"]);
});

it.each(["", "{", "null", "7"])("begins anew where the file says %j", async (text) => {
  mkdirSync(dirname(path));
  writeFileSync(path, text);
  const storage = tuningFile(folder);
  expect(await storage.read("one")).toBeUndefined();
  await storage.write("one", "first");
  expect(await storage.read("one")).toBe("first");
});
