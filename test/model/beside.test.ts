/** Files beside the main one, by names that a stranger's file says. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it, test } from "vitest";
import { InputError, WeightsError } from "../../src/errors.ts";
import { type Beside, besideFiles, filesBeside, requireBeside, urlBeside } from "../../src/model/beside.ts";
import { mainFile } from "../../src/model/readers/registry.ts";
import { bytesSource } from "../../src/model/source.ts";
import { fileBeside } from "../../src/node/files.ts";

const folder = mkdtempSync(join(tmpdir(), "ascent-beside-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function textOf(beside: Beside, name: string): Promise<string | undefined> {
  const source = await beside(name);
  const text = source && new TextDecoder().decode(await source.read(0, source.size));
  source?.close?.();
  return text;
}

test.each([
  "../x",
  "a/../x",
  "/x",
  "a//x",
  "a/",
  "",
  ".",
  "C:x",
  "https://host/x",
  "file:x",
  "a\\x",
  "a\0",
  "./x",
])("a file cannot name %j", async (name) => {
  const asked: string[] = [];
  const { find } = besideFiles("net.onnx", async (one) => {
    asked.push(one);
    return undefined;
  });
  const error: unknown = await find(name).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(WeightsError);
  expect(String(error)).toMatch(/^WeightsError: net\.onnx: expected the name of a file beside it/);
  expect(asked).toEqual([]);
});

it("closes all that was opened", async () => {
  const closed: string[] = [];
  const files = besideFiles("net", async (name) => ({
    ...bytesSource(name, new Uint8Array(1)),
    close: () => void closed.push(name),
  }));
  await files.find("a");
  await files.find("b/c..d");
  files.close();
  expect(closed).toEqual(["a", "b/c..d"]);
});

it("finds files of a folder and below it", async () => {
  mkdirSync(join(folder, "below"));
  writeFileSync(join(folder, "net.onnx"), "main");
  writeFileSync(join(folder, "a b#1.bin"), "beside");
  writeFileSync(join(folder, "below", "c.bin"), "below");
  const beside = fileBeside(join(folder, "net.onnx"));
  expect(await textOf(beside, "a b#1.bin")).toBe("beside");
  expect(await textOf(beside, "below/c.bin")).toBe("below");
  expect(await beside("none")).toBeUndefined();
  expect(await beside("net.onnx/none")).toBeUndefined();
});

it("finds files beside an address, names encoded, and passes other answers on", async () => {
  const answer = async (url: RequestInfo | URL) => {
    if (String(url) === "https://host/dir/a%20b%231.bin") return new Response("beside");
    return new Response("", { status: String(url).endsWith("broken") ? 503 : 404 });
  };
  const beside = urlBeside("https://host/dir/net.onnx?token=1", { fetch: answer as typeof fetch });
  expect(await textOf(beside, "a b#1.bin")).toBe("beside");
  expect(await beside("none")).toBeUndefined();
  await expect(beside("broken")).rejects.toThrow(/503/);
  expect(await urlBeside("blob:https://host/1234")("x")).toBeUndefined();
});

it("finds files that were chosen together, whatever folder they are said to be in", async () => {
  const beside = filesBeside([new File(["one"], "a.bin"), new File(["two"], "b.bin")]);
  expect(await textOf(beside, "below/b.bin")).toBe("two");
  expect(await beside("c.bin")).toBeUndefined();
  expect(() => filesBeside(["a.bin"] as never)).toThrow(InputError);
});

it("says the name of a file that is missing", async () => {
  await expect(requireBeside("net.onnx", filesBeside([]), "w.bin")).rejects.toThrow(
    /^net\.onnx: "w\.bin" is missing/,
  );
});

test.each([
  [["m-00001-of-00002.safetensors", "m.safetensors.index.json"], 1],
  [["group1-shard1of1.bin", "MODEL.json"], 1],
  [["labels.txt", "net.safetensors"], 1],
  [["config.json", "net.pth"], 1],
  [["weights.bin", "net.onnx"], 1],
  [["a.bin"], 0],
  [["net.weights.bin", "net.json"], 1],
  [["config.json", "pytorch_model.bin"], 1],
  [["net.onnx.data", "net.onnx"], 1],
  [["labels.json", "net.h5"], 1],
])("of %j the one that names the others is opened", (names, wanted) => {
  expect(mainFile(names.map((name) => ({ name })))?.name).toBe(names[wanted]);
});
