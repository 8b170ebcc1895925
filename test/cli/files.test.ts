import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { writeWhole } from "../../src/node/files.ts";

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
