/** The server as a page meets it: over HTTP, on an address that others do not know. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Job } from "../../src/methods/job.ts";
import { type PageServer, servePage } from "../../src/node/server.ts";
import { type FromPage, packTensors, paths } from "../../src/runtime/protocol.ts";

const folder = mkdtempSync(join(tmpdir(), "ascent-server-"));
afterAll(() => rmSync(folder, { recursive: true }));
const weights = join(folder, "net.safetensors");
const script = join(folder, "page.js");
writeFileSync(
  weights,
  Uint8Array.from({ length: 100 }, (_, i) => i),
);
writeFileSync(script, "run()");

const [receive, end, onLeave] = [vi.fn(), vi.fn(), vi.fn()];
const model = `${paths.weights}net.safetensors`;
let server: PageServer;

beforeEach(async () => {
  vi.clearAllMocks();
  server = await servePage({ weights: { path: weights }, script }, { receive, end }, onLeave);
});
afterEach(() => server.close());

const get = (path: string, init: RequestInit = {}) => fetch(new URL(path, server.url), init);
const post = (path: string, body: BodyInit) => get(path, { method: "POST", body });
const bytesOf = async (response: Response) => [...new Uint8Array(await response.arrayBuffer())];

it("serves the page, its script and the weights, whole and in ranges", async () => {
  expect(await (await get("")).text()).toContain(`src="${paths.script}"`);
  expect(await (await get(paths.script)).text()).toBe("run()");
  expect(await bytesOf(await get(model))).toHaveLength(100);
  const range = await get(model, { headers: { Range: "bytes=3-5" } });
  expect([range.status, range.headers.get("content-range"), await bytesOf(range)]).toEqual([
    206,
    "bytes 3-5/100",
    [3, 4, 5],
  ]);
  expect(await bytesOf(await get(model, { headers: { Range: "bytes=98-" } }))).toEqual([98, 99]);
  expect((await get(model, { headers: { Range: "bytes=100-" } })).status).toBe(416);
  expect((await get(model, { method: "HEAD" })).headers.get("content-length")).toBe("100");
});

it("serves what lies beside the weights and below, and nothing else", async () => {
  writeFileSync(join(folder, "net 2.bin"), "shard");
  mkdirSync(join(folder, "below"));
  writeFileSync(join(folder, "below", "a.bin"), "below");
  expect(await (await get(`${paths.weights}net%202.bin`)).text()).toBe("shard");
  expect(await (await get(`${paths.weights}below/a.bin`)).text()).toBe("below");
  const outside = encodeURIComponent("../page.js");
  for (const name of ["none.bin", "below", "", outside, `below%2F${outside}`, "%2Fetc%2Fhostname"])
    expect((await get(paths.weights + name)).status).toBe(404);
});

it("refuses what is not there, and whoever does not know the address", async () => {
  const [origin] = /^http:\/\/127\.0\.0\.1:\d+/.exec(server.url) as RegExpExecArray;
  for (const path of ["", "/", `/${paths.message}`, `/x/${model}`])
    expect((await fetch(origin + path)).status).toBe(404);
  expect((await get("other")).status).toBe(404);
  expect((await post("other", "{}")).status).toBe(404);
  expect((await get(`${paths.input}0`)).status).toBe(404);
  expect(receive).not.toHaveBeenCalled();
});

it("sends messages in their order, those from before the page listened too, and tensors apart", async () => {
  server.send({ kind: "open", weights: { path: weights, padding: 0 }, runtime: "firefox" });
  const image = { shape: [1, 3, 1, 1], data: Float32Array.of(1, 2, 3) };
  const job: Job = { method: "gradient", options: { objective: "class:0\n", image } };
  const events = (await get(paths.events)).body!.pipeThrough(new TextDecoderStream()).getReader();
  const first = (await events.read()).value as string;
  expect(first).toMatch(/^data: .*\n\n$/);
  expect(JSON.parse(first.slice(6))).toEqual({
    kind: "open",
    weights: { path: model, padding: 0 },
    runtime: "firefox",
  });
  server.send({ kind: "job", task: 7, job, startedAt: 1 });
  const second = JSON.parse(((await events.read()).value as string).slice(6)) as object;
  expect(second).toMatchObject({ kind: "job", task: 7, startedAt: 1 });
  expect(await bytesOf(await get(`${paths.input}7`))).toEqual([...packTensors({ image })]);
  expect((await get(`${paths.input}7`)).status).toBe(404);
  expect(onLeave).not.toHaveBeenCalled();
  await events.cancel();
  await vi.waitFor(() => expect(onLeave).toHaveBeenCalledTimes(1));
});

it("puts the tensors of a result with its message", async () => {
  const say = (message: FromPage) => post(paths.message, JSON.stringify(message));
  const image = (x: number) => ({ image: { shape: [1], data: Float32Array.of(x) } });
  await post(`${paths.tensors}1`, packTensors(image(1)));
  await post(`${paths.tensors}0`, packTensors(image(0)));
  await say({ kind: "progress", task: 0, iteration: 4 });
  for (const task of [0, 1, 2]) await say({ kind: "result", task, report: { task } as never });
  expect(receive.mock.calls.map(([message]) => message as unknown)).toMatchObject([
    { kind: "progress", task: 0, iteration: 4 },
    { kind: "result", task: 0, result: { report: { task: 0 }, tensors: image(0) } },
    { kind: "result", task: 1, result: { report: { task: 1 }, tensors: image(1) } },
    { kind: "result", task: 2, result: { report: { task: 2 }, tensors: {} } },
  ]);
});

it("ends the conversation over a message that cannot be read", async () => {
  await post(paths.message, "{").catch(() => {});
  await vi.waitFor(() => expect(end).toHaveBeenCalledWith(expect.any(SyntaxError)));
});
