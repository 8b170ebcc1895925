/** Whole pictures are whole, whatever stands behind them, and shorter ones are not. */
import { expect, test } from "vitest";
import { isCutShort } from "../../src/optvis/picture-ends.ts";
import { type PictureKind, pictureKind } from "../../src/optvis/picture-kind.ts";
import avifs from "../fixtures/avif.json" with { type: "json" };
import pictures from "../fixtures/pictures.json" with { type: "json" };
import { joined } from "../support/hostile/mutate.ts";

const files = [...pictures, ...avifs].map(({ name, file }) => {
  const bytes = new Uint8Array(Buffer.from(file, "base64"));
  return { name, bytes, kind: pictureKind(bytes) as PictureKind };
});

test.each(files)("$name", ({ bytes, kind }) => {
  expect(isCutShort(kind, bytes)).toBe(false);
  for (const length of [17, bytes.length >> 1, bytes.length - 1])
    expect(isCutShort(kind, bytes.subarray(0, length))).toBe(true);
});

test("what stands behind a picture does not matter", () => {
  // Phones put a video there, in which any bytes may look like markers.
  const video = Uint8Array.from({ length: 4096 }, (_, i) => [0xff, 0xda, 0xff, 0xd8][i % 4] as number);
  for (const { bytes, kind } of files.filter(({ kind }) => kind === "JPEG" || kind === "PNG"))
    expect(isCutShort(kind, joined(bytes, video))).toBe(false);
});
