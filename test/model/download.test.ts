/** One download, without a network: the server is a function. */
import { expect, test } from "vitest";
import { InputError, WeightsError } from "../../src/errors.ts";
import { type Connection, InterruptedError, startDownload } from "../../src/model/download.ts";

type Answer = (url: string, init: RequestInit) => Promise<Response>;

function connection(answer: Answer, signal?: AbortSignal): Connection {
  return {
    url: "http://host/a?secret",
    name: "http://host/a",
    fetch: answer as typeof fetch,
    signal,
    retryMs: 1,
    stallMs: 50,
  };
}

const failed = async (work: Promise<unknown>): Promise<unknown> => work.catch((error: unknown) => error);

test("asks for a range with one header, and for the whole file with none", async () => {
  const headers: unknown[] = [];
  const answer: Answer = async (_, init) => {
    headers.push(init.headers);
    return new Response("abc");
  };
  await startDownload(connection(answer), { range: [3, 9] });
  await startDownload(connection(answer));
  expect(headers).toEqual([{ Range: "bytes=3-9" }, {}]);
});

test("gives the body in pieces and then nothing", async () => {
  const download = await startDownload(connection(async () => new Response("abc", { status: 206 })));
  expect(download.status).toBe(206);
  expect(new TextDecoder().decode(await download.next())).toBe("abc");
  expect(await download.next()).toBeUndefined();
});

test("an answer without a body is empty", async () => {
  const download = await startDownload(connection(async () => new Response(null)));
  expect(await download.next()).toBeUndefined();
});

test.each([
  [404, {}, "http://host/a: the server answered 404", "check the address"],
  [503, {}, "http://host/a: the server answered 503", "try again later"],
  [416, {}, "http://host/a: expected a file of weights, got an empty one", undefined],
  [
    200,
    { "content-type": "text/html; charset=utf-8" },
    "http://host/a: expected a file of weights, got an HTML page",
    /answered with a page/,
  ],
])("an answer %i %j is refused, and the connection let go", async (status, headers, message, remedy) => {
  let signal: AbortSignal | undefined;
  const answer: Answer = async (_, init) => {
    signal = init.signal ?? undefined;
    return new Response("", { status, headers });
  };
  const error = await failed(startDownload(connection(answer)));
  expect(error).toBeInstanceOf(WeightsError);
  expect((error as WeightsError).message).toBe(message);
  if (remedy === undefined) expect((error as WeightsError).remedy).toBeUndefined();
  else expect((error as WeightsError).remedy).toMatch(remedy);
  expect(signal?.aborted).toBe(true);
});

test.each([
  [
    "at once",
    () => {
      throw new TypeError("no network");
    },
  ],
  [
    "later",
    async () => {
      throw new TypeError("no network");
    },
  ],
] as const)("a request that fails %s may be tried again", async (_, answer) => {
  const error = await failed(startDownload(connection(answer)));
  expect(error).toBeInstanceOf(InterruptedError);
  expect((error as InterruptedError).cause).toEqual(new TypeError("no network"));
});

test("a server that says nothing is given up, which trying again would not help", async () => {
  let signal: AbortSignal | undefined;
  const silent: Answer = (_, init) => {
    signal = init.signal ?? undefined;
    return new Promise(() => undefined);
  };
  const error = await failed(startDownload(connection(silent)));
  expect(error).toBeInstanceOf(WeightsError);
  expect(error).not.toBeInstanceOf(InterruptedError);
  expect((error as WeightsError).message).toBe("http://host/a: the download stalled, 0.05 s without a byte");
  expect(signal?.aborted).toBe(true);
});

test("an abort ends it with the caller's own reason", async () => {
  const stop = new AbortController();
  const answer: Answer = (_, init) =>
    new Promise((_resolve, reject) => {
      init.signal?.addEventListener("abort", () => reject(init.signal?.reason));
    });
  const download = failed(startDownload(connection(answer, stop.signal)));
  const reason = new InputError("no longer wanted");
  stop.abort(reason);
  expect(await download).toBe(reason);
});
