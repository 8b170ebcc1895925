import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { expectOutput, writeWhole } from "../../src/cli/files.ts";

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
