/** Downloads against a real HTTP server that can be told to misbehave. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WeightsError } from "../../src/errors.ts";
import { openModel } from "../../src/model/model.ts";
import type { ByteSource } from "../../src/model/source.ts";
import { urlSource } from "../../src/model/url-source.ts";
import {
  type Answer,
  ranged,
  requestedRange,
  startWebServer,
  type WebServer,
  whole,
} from "../support/web-server.ts";
import { checkpoint, featureShapes } from "./checkpoints.ts";

/** 3 MB of numbers that do not repeat in step with anything. */
const file = Uint8Array.from({ length: 3_000_000 }, (_, i) => (i * 2654435761) >>> 13);
let answer: Answer;
let requests: (string | undefined)[];
let server: WebServer;
let url: string;

beforeEach(async () => {
  requests = [];
  server = await startWebServer((request, response) => {
    requests.push(request.headers.range);
    answer(request, response);
  });
  url = `${server.url}weights.safetensors?signature=secret`;
});
afterEach(() => server.close());

async function refusal(work: Promise<unknown>): Promise<WeightsError> {
  const error: unknown = await work.then(
    () => "nothing was refused",
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(WeightsError);
  expect((error as WeightsError).message).not.toMatch(/secret/);
  return error as WeightsError;
}
const part = (begin: number, end: number): Uint8Array => file.slice(begin, end);
const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

describe("a server that takes ranges", () => {
  beforeEach(() => {
    answer = ranged(file, { etag: '"1"' });
  });

  test("sends only what is asked for", async () => {
    const source = await urlSource(url);
    expect(source.size).toBe(file.length);
    expect(same(await source.read(8, 5000), part(8, 5000))).toBe(true);
    expect(same(await source.read(2_000_000, 2_500_000), part(2_000_000, 2_500_000))).toBe(true);
    expect(requests).toEqual(["bytes=0-65535", "bytes=1998848-2506751"]);
  });

  test("small tensors side by side share a request, large ones have their own", async () => {
    const source = await urlSource(url);
    for (let at = 100_000; at < 1_100_000; at += 10_000) {
      expect(same(await source.read(at, at + 10_000), part(at, at + 10_000))).toBe(true);
    }
    // Each asks a little further ahead than the one before.
    expect(requests.length).toBeLessThan(30);
    const before = requests.length;
    expect(same(await source.read(100_000, 2_900_000), part(100_000, 2_900_000))).toBe(true);
    expect(requests).toHaveLength(before + 1);
  });

  test("reads may overlap in time, be empty, and be changed by who asked", async () => {
    const source = await urlSource(url);
    const spans = [
      [0, 10],
      [70_000, 80_000],
      [2_999_999, 3_000_000],
      [1_500_000, 1_500_000],
      [3_000_000, 3_000_000],
    ] as const;
    const reads = await Promise.all(spans.map(([begin, end]) => source.read(begin, end)));
    for (const [i, [begin, end]] of spans.entries()) {
      expect(same(reads[i] ?? file, part(begin, end))).toBe(true);
    }
    (await source.read(70_000, 70_010)).fill(0);
    expect(same(await source.read(70_000, 70_010), part(70_000, 70_010))).toBe(true);
  });

  test("bytes that the file does not have are not asked for", async () => {
    const source = await urlSource(url);
    await refusal(source.read(2_999_999, 3_000_001));
    await refusal(source.read(-1, 5));
    expect(requests).toHaveLength(1);
  });

  test("a network is opened and read through it", async () => {
    answer = ranged(checkpoint(featureShapes([8, 8, "M", 16]), { preprocess: "unit" }));
    const model = await openModel(await urlSource(url));
    expect(model.network.layers.map(({ name }) => name)).toContain("conv2_1");
    expect(requests).toEqual(["bytes=0-65535"]);
  });
});

describe("a server that answers with the whole file", () => {
  test("is read no further than needed", async () => {
    let sent = 0;
    const large = 64 << 20;
    answer = (_, response) => {
      response.writeHead(200, { "content-length": large });
      const pour = (): void => {
        while (sent < large) {
          const chunk = new Uint8Array(1 << 16).fill(sent >> 16);
          sent += chunk.length;
          if (!response.write(chunk)) break;
        }
      };
      response.on("drain", pour);
      pour();
    };
    const source = await urlSource(url);
    expect(source.size).toBe(large);
    expect((await source.read(100_000, 100_004))[0]).toBe(1);
    expect(requests).toHaveLength(1);
    // What lies in socket buffers on the way is a few MB.
    expect(sent).toBeLessThan(large / 2);
    source.close?.();
  });

  test("keeps what has come, for reads out of order and at once", async () => {
    answer = whole(file);
    const source = await urlSource(url);
    const spans = [
      [2_000_000, 2_100_000],
      [0, 8],
      [999_999, 1_000_001],
    ] as const;
    const reads = await Promise.all(spans.map(([begin, end]) => source.read(begin, end)));
    for (const [i, [begin, end]] of spans.entries()) {
      expect(same(reads[i] ?? file, part(begin, end))).toBe(true);
    }
    expect(requests).toHaveLength(1);
  });

  test("need not say how long it is", async () => {
    answer = (_, response) => {
      response.writeHead(200);
      response.write(part(0, 1000));
      response.end(part(1000, 3_000_000));
    };
    const source = await urlSource(url);
    expect(source.size).toBe(file.length);
    expect(same(await source.read(0, file.length), file)).toBe(true);
  });

  test("may do so only later", async () => {
    answer = ranged(file);
    const source = await urlSource(url);
    answer = whole(file);
    expect(same(await source.read(1_000_000, 1_000_100), part(1_000_000, 1_000_100))).toBe(true);
  });

  test("a Content-Range that is hidden from us: the size is in the answer to HEAD", async () => {
    const methods: (string | undefined)[] = [];
    answer = (request, response) => {
      methods.push(request.method);
      if (request.method === "HEAD") response.writeHead(200, { "content-length": file.length }).end();
      else {
        const [first, last] = requestedRange(request, file.length);
        response.writeHead(206, { "content-length": last + 1 - first }).end(part(first, last + 1));
      }
    };
    const source = await urlSource(url);
    expect(source.size).toBe(file.length);
    expect(same(await source.read(1_000_000, 1_000_100), part(1_000_000, 1_000_100))).toBe(true);
    expect(methods).toEqual(["GET", "HEAD", "GET"]);
  });

  test("and where HEAD is not answered, the whole file's is in it", async () => {
    answer = (request, response) => {
      if (request.method === "HEAD") response.writeHead(405).end();
      else if (request.headers.range === undefined) whole(file)(request, response);
      else response.writeHead(206).end(part(0, 65536));
    };
    const source = await urlSource(url);
    expect(source.size).toBe(file.length);
    expect(same(await source.read(1_000_000, 1_000_100), part(1_000_000, 1_000_100))).toBe(true);
    expect(requests).toEqual(["bytes=0-65535", undefined, undefined]);
  });

  test("a large tensor is read once, and downloaded again where it is read again", async () => {
    answer = whole(file);
    const source = await urlSource(url);
    for (let i = 0; i < 2; i++) {
      expect(same(await source.read(500_000, 2_500_000), part(500_000, 2_500_000))).toBe(true);
    }
    expect(same(await source.read(0, 500_000), part(0, 500_000))).toBe(true);
    expect(same(await source.read(2_500_000, 3_000_000), part(2_500_000, 3_000_000))).toBe(true);
    expect(requests).toHaveLength(2);
  });

  test("is asked again where it breaks off, and read on where it was", async () => {
    answer = (request, response) => {
      if (requests.length > 1) return whole(file, { etag: '"1"' })(request, response);
      response.writeHead(200, { "content-length": file.length, etag: '"1"' });
      response.write(part(0, 1_200_000), () => setTimeout(() => response.destroy(), 50));
    };
    const source = await urlSource(url, { retryMs: 1 });
    expect(same(await source.read(1_000_000, 2_500_000), part(1_000_000, 2_500_000))).toBe(true);
    expect(same(await source.read(0, 1_000_000), part(0, 1_000_000))).toBe(true);
    expect(requests).toHaveLength(2);
  });

  test("and not read on where it is another file by then", async () => {
    answer = (request, response) => {
      if (requests.length > 1) return whole(file, { etag: '"2"' })(request, response);
      response.writeHead(200, { "content-length": file.length, etag: '"1"' });
      response.write(part(0, 100_000), () => setTimeout(() => response.destroy(), 50));
    };
    const source = await urlSource(url, { retryMs: 1 });
    expect((await refusal(source.read(0, 2_500_000))).message).toMatch(/changed while it was read/);
  });
});

describe("failures are typed and say what to do", () => {
  const opened = async (begin: number, end: number): Promise<Uint8Array> => {
    const source: ByteSource = await urlSource(url, { stallMs: 200, retryMs: 1 });
    return source.read(begin, end);
  };

  test.each([404, 403, 500])("status %i", async (status) => {
    answer = (_, response) => response.writeHead(status).end();
    const error = await refusal(urlSource(url));
    expect(error.message).toMatch(new RegExp(`weights\\.safetensors: the server .*${status}`));
    expect(error.remedy).toBeTruthy();
  });

  test("an HTML page instead of the file", async () => {
    answer = (_, response) => response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html>");
    expect((await refusal(urlSource(url))).message).toMatch(/got an HTML page/);
    answer = (_, response) => response.writeHead(200).end("<!doctype html><title>Sign in</title>");
    expect((await refusal(urlSource(url).then((source) => openModel(source)))).message).toMatch(
      /got an HTML page/,
    );
  });

  test("an empty file", async () => {
    answer = (_, response) => response.writeHead(416, { "content-range": "bytes */0" }).end();
    expect((await refusal(urlSource(url))).message).toMatch(/got an empty one/);
  });

  test("no server", async () => {
    const gone = await startWebServer();
    await gone.close();
    expect((await refusal(urlSource(gone.url))).remedy).toBe(
      "check the address and the connection (ECONNREFUSED)",
    );
  });

  test("a whole file that is cut short", async () => {
    answer = (_, response) => {
      response.writeHead(200, { "content-length": file.length });
      response.write(part(0, 100_000), () => response.destroy());
    };
    expect((await refusal(opened(99_000, 200_000))).message).toMatch(
      /the download failed|expected 3000000 bytes/,
    );
  });

  /** Sends the first bytes of each range. */
  const broken =
    (count: number): Answer =>
    (request, response) => {
      const [first, last] = requestedRange(request, file.length);
      response.writeHead(206, {
        "content-range": `bytes ${first}-${last}/${file.length}`,
        "content-length": last + 1 - first,
        etag: '"1"',
      });
      response.write(part(first, Math.min(first + count, last + 1)), () =>
        setTimeout(() => response.destroy(), 20),
      );
    };

  test("a range that breaks off is gone on with from where it broke, of the same file only", async () => {
    const conditions: unknown[] = [];
    answer = (request, response) => {
      conditions.push(request.headers["if-range"]);
      (requests.length === 2 ? broken(300_000) : ranged(file, { etag: '"1"' }))(request, response);
    };
    expect(same(await opened(1_000_000, 2_000_000), part(1_000_000, 2_000_000))).toBe(true);
    expect(requests).toEqual(["bytes=0-65535", "bytes=999424-2015231", "bytes=1299424-2015231"]);
    expect(conditions).toEqual([undefined, undefined, '"1"']);
  });

  test("and not from a file that changed meanwhile, which comes whole", async () => {
    answer = (request, response) => {
      if (requests.length === 3) whole(file, { etag: '"2"' })(request, response);
      else (requests.length === 2 ? broken(300_000) : ranged(file, { etag: '"1"' }))(request, response);
    };
    expect((await refusal(opened(1_000_000, 2_000_000))).message).toMatch(/expected "1", got "2"/);
  });

  test("a server that lets nobody ask on a condition is asked without", async () => {
    const conditions: unknown[] = [];
    answer = (request, response) => {
      conditions.push(request.headers["if-range"]);
      if (request.headers["if-range"] !== undefined) response.destroy();
      else (requests.length === 2 ? broken(300_000) : ranged(file, { etag: '"1"' }))(request, response);
    };
    expect(same(await opened(1_000_000, 2_000_000), part(1_000_000, 2_000_000))).toBe(true);
    expect(conditions).toEqual([undefined, undefined, '"1"', undefined]);
  });

  test("a range that always breaks off is given up after five tries", async () => {
    answer = (request, response) => (requests.length === 1 ? ranged(file) : broken(1000))(request, response);
    await refusal(opened(1_000_000, 2_000_000));
    expect(requests).toHaveLength(6);
  });

  test("a server that is busy is asked again when it says", async () => {
    answer = (request, response) => {
      if (requests.length % 2 === 1) response.writeHead(503, { "retry-after": "0" }).end();
      else ranged(file)(request, response);
    };
    expect(same(await opened(1_000_000, 2_000_000), part(1_000_000, 2_000_000))).toBe(true);
    answer = (_, response) => response.writeHead(503, { "retry-after": "7200" }).end();
    const error = await refusal(urlSource(url));
    expect(error.message).toMatch(/the server answered 503/);
    expect(error.remedy).toBe("the server asks to try again in 120 minutes");
  });

  test("a range shorter than it should be", async () => {
    answer = (request, response) => {
      if (requests.length === 1) ranged(file)(request, response);
      else {
        const [first, last] = requestedRange(request, file.length);
        const range = `bytes ${first}-${last}/${file.length}`;
        response.writeHead(206, { "content-range": range }).end(part(first, first + 50));
      }
    };
    expect((await refusal(opened(1_000_000, 2_000_000))).message).toMatch(/the server sent 50/);
  });

  test("another range than the one asked for", async () => {
    answer = (request, response) => {
      if (requests.length === 1) ranged(file)(request, response);
      else response.writeHead(206, { "content-range": `bytes 0-99/${file.length}` }).end(part(0, 100));
    };
    expect((await refusal(opened(1_000_000, 2_000_000))).message).toMatch(
      /asked for, the server sent bytes 0-99/,
    );
  });

  test("a file that changes between two ranges", async () => {
    answer = (request, response) => ranged(file, { etag: `"${requests.length}"` })(request, response);
    const byEtag = await refusal(opened(1_000_000, 2_000_000));
    expect(byEtag.message).toMatch(/changed while it was read: expected "1", got "2"/);
    expect(byEtag.remedy).toMatch(/load it again/);
    requests.length = 0;
    answer = (request, response) =>
      ranged(requests.length === 1 ? file : file.subarray(0, 2_500_000))(request, response);
    expect((await refusal(opened(1_000_000, 2_000_000))).message).toMatch(
      /expected 3000000 bytes, got 2500000/,
    );
  });

  test.each(["before the headers", "in the body"])("a server that falls silent %s", async (where) => {
    answer = (_, response) => {
      if (where === "before the headers") return;
      response.writeHead(200, { "content-length": file.length });
      response.write(part(0, 1000));
    };
    const begin = performance.now();
    expect((await refusal(opened(0, 5000))).message).toMatch(/stalled, 0\.2 s without a byte/);
    expect(performance.now() - begin).toBeLessThan(5000);
  });

  test("a size that no machine can hold", async () => {
    answer = (_, response) => {
      response.writeHead(206, { "content-range": "bytes 0-99/900000000000000" }).end(part(0, 100));
    };
    await refusal(opened(0, 900_000_000_000_000));
  });
});

test("an abort ends the download with its own reason", async () => {
  let closed = false;
  answer = (request, response) => {
    if (requests.length === 1) ranged(file)(request, response);
    else {
      const [first, last] = requestedRange(request, file.length);
      response.writeHead(206, { "content-range": `bytes ${first}-${last}/${file.length}` });
      response.write(part(0, 10));
      response.on("close", () => {
        closed = true;
      });
    }
  };
  const abort = new AbortController();
  const source = await urlSource(url, { signal: abort.signal });
  const reading = source.read(1_000_000, 1_000_100);
  setTimeout(() => abort.abort(new Error("left the page")), 50);
  await expect(reading).rejects.toThrow("left the page");
  await expect.poll(() => closed).toBe(true);
});

/** A server that does not say how long its file is, and never ends. */
const endless =
  (beginning: Uint8Array): Answer =>
  (_, response) => {
    response.writeHead(200, { "transfer-encoding": "chunked" });
    response.write(beginning);
    const more = new Uint8Array(1 << 16);
    const pump = (): void => {
      while (!response.destroyed && response.write(more));
      if (!response.destroyed) response.once("drain", pump);
    };
    pump();
  };

test("a server that sends for ever without a length is left where the file's header says that it ends", async () => {
  const header = new TextEncoder().encode('{"w":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}');
  const beginning = new Uint8Array(8 + header.length);
  new DataView(beginning.buffer).setBigUint64(0, BigInt(header.length), true);
  beginning.set(header, 8);
  answer = endless(beginning);
  await expect(urlSource(url)).rejects.toThrow(/ends after 79 bytes, and its server sends more/);
});
