import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { deleteKept, listKept } from "../../src/model/kept.ts";
import { urlSource } from "../../src/model/url-source.ts";
import { cacheFolder } from "../../src/node/cache-folder.ts";
import { openWeights } from "../../src/node/weights.ts";
import { ranged, startWebServer } from "../support/web-server.ts";

const folder = mkdtempSync(join(tmpdir(), "ascent-cache-"));
afterAll(() => rmSync(folder, { recursive: true }));
const file = Uint8Array.from({ length: 3_000_000 }, (_, i) => (i * 2654435761) >>> 13);

it("keeps parts as files, and leaves nothing when they are deleted", async () => {
  const server = await startWebServer(ranged(file, { etag: '"1"' }));
  const cache = cacheFolder(join(folder, "a"));
  expect(await listKept(cache)).toEqual([]);
  const url = `${server.url}net`;
  await (await urlSource(url, { cache })).read(0, 2_500_000);
  await server.close();
  const [kept] = await listKept(cache);
  expect(kept?.kept).toBeGreaterThan(2_400_000);
  const again = await urlSource(url, { cache, offline: true });
  expect(Buffer.compare(await again.read(0, 2_500_000), file.slice(0, 2_500_000))).toBe(0);
  await deleteKept(cache, kept?.key as string);
  expect(readdirSync(join(folder, "a"))).toEqual([]);
});

it("is not written where it cannot be, and reading goes on", async () => {
  const server = await startWebServer(ranged(file, { etag: '"1"' }));
  const remarks: string[] = [];
  const cache = cacheFolder("/dev/null/networks");
  const source = await urlSource(server.url, { cache, onRemark: (text) => remarks.push(text) });
  expect(Buffer.compare(await source.read(0, file.length), file)).toBe(0);
  expect(remarks).toEqual([expect.stringMatching(/the cache takes no more/)]);
  await server.close();
});

it("ASCENT_CACHE names it", async () => {
  const before = process.env["ASCENT_CACHE"];
  process.env["ASCENT_CACHE"] = join(folder, "b");
  const server = await startWebServer(ranged(file, { etag: '"1"' }));
  try {
    const { source } = await openWeights(`${server.url}net`);
    await source.read(0, 100);
    expect(await listKept(cacheFolder(join(folder, "b")))).toHaveLength(1);
  } finally {
    await server.close();
    if (before === undefined) delete process.env["ASCENT_CACHE"];
    else process.env["ASCENT_CACHE"] = before;
  }
});
