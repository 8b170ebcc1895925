/** Weights are read from a file piece by piece. */
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { InputError, WeightsError } from "../../src/errors.ts";
import { fileSource, whyNotRead } from "../../src/node/files.ts";

const folder = mkdtempSync(join(tmpdir(), "ascent-source-"));
afterAll(() => rmSync(folder, { recursive: true }));

it("gives the bytes that are asked for, by the file's name", async () => {
  const path = join(folder, "net.bin");
  writeFileSync(
    path,
    Uint8Array.from({ length: 200 }, (_, i) => i),
  );
  const source = await fileSource(path);
  expect([source.name, source.size]).toEqual(["net.bin", 200]);
  expect([...(await source.read(7, 10))]).toEqual([7, 8, 9]);
  expect(await source.read(200, 200)).toHaveLength(0);
  await expect(source.read(199, 201)).rejects.toThrow(/net\.bin/);
  truncateSync(path, 100);
  const failure = await source.read(50, 150).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(WeightsError);
  expect(failure).toMatchObject({ message: "net.bin: became shorter while it was read" });
  source.close();
});

it("says why a file cannot be read", async () => {
  const failure = await fileSource(join(folder, "none")).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(InputError);
  expect(failure).toMatchObject({ message: `no such file: ${join(folder, "none")}` });
  const why = (code: string) => whyNotRead(Object.assign(new Error("other"), { code }));
  expect(["ENOENT", "ENOTDIR", "EACCES", "EPERM", "EISDIR", "EIO"].map(why)).toEqual([
    "no such file",
    "no such file",
    "no permission to read it",
    "no permission to read it",
    "expected a file, got a folder",
    "other",
  ]);
  expect(whyNotRead("text")).toBe("text");
});
