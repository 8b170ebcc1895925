import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { expectOutput, removeLeftParts, writeOutput, writeParts, writeWhole } from "../../src/cli/files.ts";
import { openModel } from "../../src/model/model.ts";
import { fileSource } from "../../src/node/files.ts";

it("leaves a folder as it is that an output can be written to", async () => {
  const folder = mkdtempSync(join(tmpdir(), "ascent-files-"));
  try {
    writeFileSync(join(folder, "old.png"), "old");
    for (const name of ["old.png", "new.png"]) await expectOutput(join(folder, name), [".png"]);
    expect(readdirSync(folder)).toEqual(["old.png"]);
    expect(readFileSync(join(folder, "old.png"), "utf8")).toBe("old");
    await expect(expectOutput(join(folder, "old.png/new.png"), [".png"])).rejects.toThrow(/is a file/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it("several that write the same file at once, with one process number, leave it whole", async () => {
  const folder = mkdtempSync(join(tmpdir(), "ascent-files-"));
  try {
    const path = join(folder, "index.html");
    const text = "<p>".repeat(100_000);
    await Promise.all(Array.from({ length: 8 }, () => writeWhole(path, text)));
    expect(readFileSync(path, "utf8")).toBe(text);
    expect(readdirSync(folder)).toEqual(["index.html"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it("leaves what was there where an output does not come to its end, and nothing beside it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "ascent-files-"));
  try {
    const path = join(folder, "out.safetensors");
    writeFileSync(path, "old");
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(100_000);
      throw new Error("the source broke off");
    }
    await expect(writeParts(path, broken(), () => {})).rejects.toThrow("the source broke off");
    // Linux' full disk: it opens, and takes no byte.
    if (existsSync("/dev/full")) {
      await expect(writeOutput("/dev/full", new Uint8Array(9))).rejects.toThrow(
        /^--out: \/dev\/full: .*space/i,
      );
    }
    expect(readFileSync(path, "utf8")).toBe("old");
    expect(readdirSync(folder)).toEqual(["out.safetensors"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it("replaces the file that a link leads to, and keeps who may read it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "ascent-files-"));
  try {
    const [path, link] = [join(folder, "out.png"), join(folder, "link.png")];
    writeFileSync(path, "old");
    chmodSync(path, 0o600);
    symlinkSync(path, link);
    await writeOutput(link, new TextEncoder().encode("new"));
    expect(readFileSync(path, "utf8")).toBe("new");
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder).sort()).toEqual(["link.png", "out.png"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it("takes away what a process that was killed has left, and nothing that is being written", async () => {
  const folder = mkdtempSync(join(tmpdir(), "ascent-files-"));
  try {
    const part = (digit: string) => join(folder, `a.png.${digit.repeat(8)}-1111-4111-8111-111111111111.part`);
    const before = new Date(Date.now() - 3_600_000);
    for (const path of [part("a"), part("b"), join(folder, "mine.part")]) writeFileSync(path, "x");
    for (const path of [part("a"), join(folder, "mine.part")]) utimesSync(path, before, before);
    await expectOutput(join(folder, "out.png"), [".png"]);
    expect(
      readdirSync(folder)
        .map((name) => join(folder, name))
        .sort(),
    ).toEqual([part("b"), join(folder, "mine.part")].sort());
    await removeLeftParts(join(folder, "nowhere"));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it("refuses a tensor that is larger than any array, in words", async () => {
  const folder = mkdtempSync(join(tmpdir(), "ascent-files-"));
  try {
    // A file without its bytes: it takes no room.
    const [path, rows] = [join(folder, "big.safetensors"), 80_000_000];
    const tensor = (shape: readonly number[], begin: number, end: number) => ({
      dtype: "F32",
      shape,
      data_offsets: [begin, end],
    });
    const header = JSON.stringify({
      __metadata__: { preprocess: "unit" },
      "features.0.weight": tensor([64, 3, 3, 3], 0, 6912),
      "features.0.bias": tensor([64], 6912, 7168),
      "classifier.weight": tensor([rows, 64], 7168, 7168 + 256 * rows),
    });
    const beginning = Buffer.alloc(8 + header.length);
    beginning.writeBigUInt64LE(BigInt(header.length));
    beginning.write(header, 8);
    writeFileSync(path, beginning);
    truncateSync(path, beginning.length + 7168 + 256 * rows);
    const source = await fileSource(path);
    const model = await openModel(source);
    const layer = model.network.layers.at(-1)!;
    for (const some of [undefined, [3]])
      await expect(model.layerWeights(layer, some)).rejects.toThrow(
        /a piece of 20480000000 bytes does not fit into memory/,
      );
    source.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
