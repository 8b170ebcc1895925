/** The HDF5 reader against the HDF Group's own library, compiled to WebAssembly (h5wasm): equal numbers, shapes and texts. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { f16round } from "@petamoriken/float16";
import * as h5wasm from "h5wasm/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openHdf5 } from "../../../src/model/hdf5/file.ts";
import { bytesSource } from "../../../src/model/source.ts";

type Group = InstanceType<typeof h5wasm.Group>;

const FIXTURES = fileURLToPath(new URL("../../fixtures/keras/", import.meta.url));
const fixtures = readdirSync(FIXTURES).filter((name) => name.endsWith(".h5"));
const folder = mkdtempSync(join(tmpdir(), "ascent-hdf5-"));
beforeAll(() => h5wasm.ready);
afterAll(() => rmSync(folder, { recursive: true }));

interface Contents {
  readonly datasets: Map<
    string,
    { readonly shape: readonly number[]; readonly numbers: Float32Array | undefined }
  >;
  readonly groups: Set<string>;
  /** Of each object, by `path@name`. */
  readonly texts: Map<string, readonly string[]>;
}

/** Undefined for half precision, which the library does not read. */
function numbersOf(dataset: InstanceType<typeof h5wasm.Dataset>): Float32Array | undefined {
  if (dataset.metadata.size === 2) return undefined;
  const { value } = dataset;
  return Float32Array.from(typeof value === "number" ? [value] : (value as unknown as ArrayLike<number>));
}

/** All that the library finds. */
function contentsOf(path: string): Contents {
  const file = new h5wasm.File(path, "r");
  const found: Contents = { datasets: new Map(), groups: new Set([""]), texts: new Map() };
  const walk = (at: string, object: Group): void => {
    for (const [name, attribute] of Object.entries(object.attrs)) {
      const value: unknown = attribute.value;
      const texts = Array.isArray(value) ? value : [value];
      if (texts.length > 0 && texts.every((text) => typeof text === "string"))
        found.texts.set(`${at}@${name}`, texts);
    }
    for (const name of object.keys()) {
      const child = object.get(name);
      const inner = at === "" ? name : `${at}/${name}`;
      if (child instanceof h5wasm.Group) {
        found.groups.add(inner);
        walk(inner, child);
      } else if (child instanceof h5wasm.Dataset) {
        found.datasets.set(inner, { shape: child.shape ?? [], numbers: numbersOf(child) });
      }
    }
  };
  walk("", file);
  file.close();
  return found;
}

async function expectAlike(path: string): Promise<Contents> {
  const wanted = contentsOf(path);
  const file = await openHdf5(bytesSource(path, readFileSync(path)));
  expect([...file.datasets.keys()].sort()).toEqual([...wanted.datasets.keys()].sort());
  expect([...file.groups].sort()).toEqual([...wanted.groups].sort());
  for (const [name, { shape, numbers }] of wanted.datasets) {
    expect(file.datasets.get(name)?.shape).toEqual(shape);
    if (numbers !== undefined) expect(await file.read(name)).toEqual(numbers);
  }
  for (const [name, texts] of wanted.texts) {
    const [at = "", attribute = ""] = name.split("@");
    expect(await file.texts(at, attribute)).toEqual(texts);
  }
  return wanted;
}

describe("files of h5py", () => {
  test.each(fixtures)("%s", async (name) => {
    const { datasets, texts } = await expectAlike(join(FIXTURES, name));
    expect(datasets.size + texts.size).toBeGreaterThan(0);
  });
});

test("half precision, of either order of bytes, is float32 rounded to it", async () => {
  const file = await openHdf5(bytesSource("numbers", readFileSync(join(FIXTURES, "numbers.h5"))));
  const wanted = (await file.read("plain/<f8")).map((number) => f16round(number));
  for (const name of ["plain/<f2", "plain/>f2"]) expect(await file.read(name)).toEqual(wanted);
});

/** A file that the library writes. */
async function made(
  name: string,
  write: (file: InstanceType<typeof h5wasm.File>) => void,
): Promise<Contents> {
  const path = join(folder, name);
  const file = new h5wasm.File(path, "w");
  write(file);
  file.close();
  return expectAlike(path);
}

const numbers = (count: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => Math.sin(i) * (i + 1));

describe("files of h5wasm", () => {
  test.each([
    ["whole", {}],
    ["in chunks", { chunks: [4, 5] }],
    ["gzip", { chunks: [4, 5], compression: "gzip" as const, compression_opts: 9 }],
    ["shuffle", { chunks: [7, 9], compression: 2, compression_opts: [4] }],
    ["Fletcher-32", { chunks: [3, 2], compression: 3, compression_opts: [] }],
  ])("numbers stored %s", async (name, how) => {
    const { datasets } = await made(`${name}.h5`, (file) => {
      file.create_dataset({ name: "float", data: numbers(63), shape: [7, 9], dtype: "<f", ...how });
      file.create_dataset({
        name: "double",
        data: Float64Array.from(numbers(63)),
        shape: [7, 9],
        dtype: "<d",
        ...how,
      });
    });
    expect([...datasets.keys()]).toEqual(["double", "float"]);
    expect(datasets.get("float")?.numbers).toEqual(numbers(63));
  });

  test("four dimensions in chunks that stand over", async () => {
    await made("four.h5", (file) => {
      const data = numbers(3 * 3 * 5 * 7);
      file.create_dataset({
        name: "kernel:0",
        data,
        shape: [3, 3, 5, 7],
        dtype: "<f",
        chunks: [2, 3, 4, 4],
        compression: "gzip",
      });
    });
  });

  test("groups in groups, and texts of both kinds", async () => {
    const { datasets, groups } = await made("groups.h5", (file) => {
      let at: Group = file;
      for (const name of ["a", "b", "c", "d"]) {
        at = at.create_group(name);
        at.create_attribute("one", `of ${name}`);
        at.create_attribute("several", ["first", "a longer second", "ü"]);
      }
      at.create_dataset({ name: "w", data: numbers(2), dtype: "<f" });
    });
    expect(groups.has("a/b/c/d")).toBe(true);
    expect([...datasets.keys()]).toEqual(["a/b/c/d/w"]);
  });

  test("groups that remember the order of their links", async () => {
    await made("ordered.h5", (file) => {
      const group = file.create_group("vars", true);
      for (const name of ["2", "0", "1"]) group.create_dataset({ name, data: numbers(4), dtype: "<f" });
    });
  });

  test("a group of many links in the newer form is refused as what it is", async () => {
    const written = made("many.h5", (file) => {
      for (let i = 0; i < 20; i++) file.create_dataset({ name: `w${i}`, data: numbers(2), dtype: "<f" });
    });
    await expect(written).rejects.toThrow(/a group keeps its links in a fractal heap/);
    await expect(written).rejects.toMatchObject({
      remedy: expect.stringMatching(/without libver="latest"/) as string,
    });
  });
});
