/** `convert`, as it is built. It needs no GPU. */
import { copyFileSync, existsSync, readdirSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readHeader } from "../../src/model/safetensors.ts";
import { fileSource } from "../../src/node/files.ts";
import { ROOT } from "../stacks/environment.ts";
import { type BuiltCommandLine, commandLine, writeSmallNetwork } from "./built.ts";

let built: BuiltCommandLine;
beforeAll(() => {
  built = commandLine();
  writeSmallNetwork(built.at("net.safetensors"));
});
afterAll(() => built.remove());

const words = (text: string): Promise<{ code: number; stdout: string; stderr: string }> =>
  built.ascent(text.split(" "));

it("writes a file that opens by itself to the same network", async () => {
  copyFileSync(`${ROOT}/test/fixtures/keras/sequential.h5`, built.at("net.h5"));
  const converted = await words(`convert ${built.at("net.h5")} ${built.at("out.safetensors")}`);
  expect(converted).toMatchObject({ code: 0, stderr: "" });
  expect(converted.stdout).toMatch(
    /out\.safetensors: VGG-style, 2 convolutions with batch norm, 12 tensors, /,
  );
  const info = async (name: string): Promise<unknown> =>
    JSON.parse((await words(`info --model ${built.at(name)} --json`)).stdout);
  expect(await info("out.safetensors")).toEqual(await info("net.h5"));
});

it("writes what was said of the file, and says what it wrote", async () => {
  const out = built.at("said.safetensors");
  const said = `convert ${built.at("net.safetensors")} ${out} --preprocess caffe --padding 0 --json`;
  const report = JSON.parse((await words(said)).stdout) as object;
  const source = await fileSource(out);
  expect(report).toMatchObject({
    out,
    preprocess: "caffe",
    bytes: source.size,
    tensors: 8,
    unusedTensors: [],
  });
  const { metadata } = await readHeader(source);
  expect(metadata["preprocess"]).toBe("caffe");
  expect(metadata["ascent.layers"]).not.toContain("padding");
  source.close();
});

it.each([
  [
    "the same name",
    "net.safetensors net.safetensors",
    /^ascent: OUT: .*net\.safetensors is the file that is read/,
  ],
  ["another ending", "net.safetensors net.pth", /^ascent: OUT: expected a name ending in \.safetensors/],
  ["no such folder", "net.safetensors none/net.safetensors", /^ascent: OUT: no such folder/],
  ["no name", "net.safetensors", /^ascent: missing required argument 'out'/],
  ["no such file", "none.pth out.safetensors", /no such file: .*none\.pth/],
])("refuses %s", async (_, names, message) => {
  const { code, stderr } = await words(
    ["convert", ...names.split(" ").map((name) => built.at(name))].join(" "),
  );
  expect(code).toBe(2);
  expect(stderr).toMatch(message);
});

it("leaves nothing behind where the file cannot be read to its end", async () => {
  const { code } = await words(
    `convert ${ROOT}/test/fixtures/keras/branching.h5 ${built.at("broken.safetensors")} --preprocess unit`,
  );
  expect(code).toBe(2);
  expect(existsSync(built.at("broken.safetensors"))).toBe(false);
  expect(readdirSync(built.at("")).filter((name) => name.endsWith(".part"))).toEqual([]);
});
