/** What is kept of downloads: ranges, checked, for one version of a file. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { deleteKept, type KeptStorage, listKept } from "../../src/model/kept.ts";
import { modelSource } from "../../src/model/model-source.ts";
import { type UrlOptions, urlSource } from "../../src/model/url-source.ts";
import { ranged, startWebServer, type WebServer, whole } from "../support/web-server.ts";

const file = Uint8Array.from({ length: 5_000_000 }, (_, i) => (i * 2654435761) >>> 13);
const part = (begin: number, end: number): Uint8Array => file.slice(begin, end);
const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

let server: WebServer;
let url: string;
let entries: Map<string, Uint8Array<ArrayBuffer>>;
let storage: KeptStorage;
let remarks: string[];

beforeEach(async () => {
  server = await startWebServer(ranged(file, { etag: '"1"' }));
  url = `${server.url}net.pth?signature=secret`;
  entries = new Map();
  remarks = [];
  storage = {
    names: async (folder) => [...entries.keys()].filter((name) => !folder || name.startsWith(`${folder}/`)),
    read: async (name) => entries.get(name)?.slice(),
    write: async (name, bytes) => void entries.set(name, bytes.slice()),
    remove: async (name) => void entries.delete(name),
  };
});
afterEach(() => server.close());

const open = (options: UrlOptions = {}) =>
  urlSource(url, { cache: storage, retryMs: 1, onRemark: (text) => remarks.push(text), ...options });

test("what was read is not asked for again, and nothing else is kept", async () => {
  const source = await open();
  expect(same(await source.read(1_000_000, 3_500_000), part(1_000_000, 3_500_000))).toBe(true);
  const [kept] = await listKept(storage);
  expect(kept).toMatchObject({ name: `${server.url}net.pth`, size: file.length });
  expect(kept?.kept).toBeGreaterThan(2_500_000);
  expect(kept?.kept).toBeLessThan(2_800_000);
  const before = server.requests.length;
  const again = await open();
  expect(same(await again.read(1_000_000, 3_500_000), part(1_000_000, 3_500_000))).toBe(true);
  expect(same(await again.read(0, 60_000), part(0, 60_000))).toBe(true);
  expect(server.requests).toHaveLength(before + 1);
  expect(same(await again.read(500_000, 4_000_000), part(500_000, 4_000_000))).toBe(true);
  expect(server.requests).toHaveLength(before + 3);
});

test("a download that was left goes on where it was", async () => {
  let sent = 0;
  server.answer = (request, response) => {
    if (server.requests.length === 1) return ranged(file, { etag: '"1"' })(request, response);
    const [, first] = /^bytes=(\d+)/.exec(request.headers.range ?? "") ?? [];
    response.writeHead(206, { "content-range": `bytes ${first}-4999999/5000000`, etag: '"1"' });
    response.write(part(Number(first), 3_300_000));
    sent++;
  };
  const abort = new AbortController();
  const source = await open({ signal: abort.signal });
  const reading = source.read(0, 5_000_000);
  await expect.poll(() => entries.size).toBeGreaterThan(4);
  abort.abort(new Error("left"));
  await expect(reading).rejects.toThrow("left");
  expect(sent).toBe(1);
  server.answer = ranged(file, { etag: '"1"' });
  const again = await open();
  expect(same(await again.read(0, 5_000_000), file)).toBe(true);
  expect(server.requests.at(-1)?.headers.range).toBe("bytes=3145728-4999999");
});

test("bytes that are not what they were are dropped and asked for again", async () => {
  await (await open()).read(1_000_000, 3_500_000);
  for (const [name, bytes] of entries) {
    if (name.includes("-1048576-")) bytes[17] = (bytes[17] as number) ^ 1;
    if (name.includes("-2097152-")) entries.set(name, bytes.slice(0, 10));
  }
  expect(same(await (await open()).read(1_000_000, 3_500_000), part(1_000_000, 3_500_000))).toBe(true);
  // They are whole again.
  const before = server.requests.length;
  expect(same(await (await open()).read(1_000_000, 3_500_000), part(1_000_000, 3_500_000))).toBe(true);
  expect(server.requests).toHaveLength(before + 1);
});

test("an entry that ends before it begins is none", async () => {
  await (await open()).read(1_000_000, 3_500_000);
  const [kept] = await listKept(storage);
  const [name = ""] = [...entries.keys()].filter((one) => one.includes("-1048576-"));
  entries.set(name.replace("-1048576-", "-999999999999999-"), new Uint8Array(1));
  expect(await listKept(storage)).toEqual([kept]);
  expect(same(await (await open()).read(0, file.length), file)).toBe(true);
});

test("another version of the file has nothing of the old one, which goes", async () => {
  await (await open()).read(1_000_000, 3_500_000);
  const changed = file.map((byte) => byte ^ 255);
  server.answer = ranged(changed, { etag: '"2"' });
  expect(same(await (await open()).read(1_000_000, 2_000_000), changed.slice(1_000_000, 2_000_000))).toBe(
    true,
  );
  expect((await listKept(storage))[0]?.kept).toBeLessThan(1_300_000);
});

test("a file whose server tells no version is not kept", async () => {
  server.answer = ranged(file);
  await (await open()).read(0, 2_000_000);
  expect(entries.size).toBe(0);
});

test("a server without ranges: what was read is kept too", async () => {
  server.answer = whole(file, { "last-modified": "Tue, 01 Jan 2019 00:00:00 GMT" });
  await (await open()).read(1_000_000, 3_500_000);
  const again = await open({ offline: true });
  expect(same(await again.read(1_000_000, 3_500_000), part(1_000_000, 3_500_000))).toBe(true);
});

test("without room it is read all the same, and told once", async () => {
  storage = {
    ...storage,
    write: async (name, bytes) => {
      if (entries.size > 2) throw new Error("quota");
      entries.set(name, bytes);
    },
  };
  expect(same(await (await open()).read(0, 5_000_000), file)).toBe(true);
  expect(remarks).toEqual([
    `${server.url}net.pth: what is downloaded is not kept: the cache takes no more (quota)`,
  ]);
});

test("without its server, what is kept opens, and is told; what is not kept is said", async () => {
  const source = await modelSource(url, { cache: storage });
  await source.source.read(0, 2_000_000);
  await server.close();
  const options = { cache: storage, onRemark: (text: string) => void remarks.push(text) };
  const kept = (await modelSource(url, options)).source;
  expect(same(await kept.read(0, 2_000_000), part(0, 2_000_000))).toBe(true);
  expect(remarks).toEqual([`${server.url}net.pth: its server is not reached; opened from the cache`]);
  await expect(kept.read(0, 4_000_000)).rejects.toThrow(/not in the cache, and its server is not reached/);
  await deleteKept(storage, (await listKept(storage))[0]?.key as string);
  expect(entries.size).toBe(0);
  await expect(modelSource(url, options)).rejects.toThrow(/the download failed/);
  await expect(modelSource(url, { ...options, offline: true })).rejects.toThrow(/not in the cache/);
});

test("two that read at once keep the same", async () => {
  const both = await Promise.all([open(), open()]);
  const reads = await Promise.all(both.map((source) => source.read(500_000, 4_500_000)));
  for (const read of reads) expect(same(read, part(500_000, 4_500_000))).toBe(true);
  expect(same(await (await open({ offline: true })).read(500_000, 4_500_000), part(500_000, 4_500_000))).toBe(
    true,
  );
});

test("progress counts what comes, and ends where all has come that is read", async () => {
  const seen: { received: number; expected: number }[] = [];
  const source = await open({ onProgress: (transfer) => seen.push(transfer) });
  source.expect?.(3_000_000);
  await source.read(0, 1_500_000);
  const { received, expected } = seen.at(-1) as { received: number; expected: number };
  expect(received).toBeGreaterThan(1_400_000);
  expect(expected).toBeGreaterThan(2_900_000);
  await source.read(2_000_000, 3_500_000);
  expect(seen.at(-1)?.received).toBe(seen.at(-1)?.expected);
  expect(seen.every((one, i) => one.received >= (seen[i - 1]?.received ?? 0))).toBe(true);
});
