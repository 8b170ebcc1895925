/** `<ascent-view>` with weights from a server of another origin, which shows pages only what the Fetch standard lets it. */
import { readFileSync } from "node:fs";
import type { Browser, Page } from "puppeteer";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { AscentRemarkEvent } from "../../src/element/events.ts";
import { launch } from "../stacks/browser.ts";
import { ROOT, stackEnvironment, wantedStacks } from "../stacks/environment.ts";
import { type Server, startServer } from "../stacks/server.ts";
import {
  type Answer,
  ranged,
  requestedRange,
  startWebServer,
  type WebServer,
  whole,
} from "../support/web-server.ts";

const TIMEOUT = 120_000;
const bytes = new Uint8Array(readFileSync(`${ROOT}/weights/ascent-vgg.safetensors`));
/** Content-Range and ETag are not among the headers that pages see by themselves. */
const OPEN = {
  "access-control-allow-origin": "*",
  "last-modified": "Tue, 01 Jan 2019 00:00:00 GMT",
  etag: '"1"',
  // The browser's own cache would answer in the server's place.
  "cache-control": "no-store",
};
const good: Answer = (request, response) =>
  (request.headers.range === undefined ? whole(bytes, OPEN) : ranged(bytes, OPEN))(request, response);

interface Outcome {
  readonly state: string;
  readonly error: string | undefined;
  readonly remarks: readonly string[];
  readonly received: number;
  readonly expected: number;
}

const skip = !stackEnvironment("chromium").available || !wantedStacks().includes("chromium");

describe.skipIf(skip)("weights from elsewhere in chromium", { timeout: TIMEOUT }, () => {
  let browser: Browser;
  let pages: Server;
  let elsewhere: WebServer;
  let page: Page;
  let sent: number;

  beforeAll(async () => {
    pages = await startServer();
    browser = await launch("chromium");
  }, TIMEOUT);
  afterAll(async () => {
    await browser?.close();
    await pages?.close();
  }, TIMEOUT);
  beforeEach(async () => {
    elsewhere = await startWebServer(good);
    sent = 0;
    page = await browser.newPage();
    await page.goto(`${pages.url}/test/element/remote.html`);
    await page.waitForFunction(() => customElements.get("ascent-view") !== undefined);
    await page.evaluate(() => caches.delete("webgpu-ascent networks"));
  }, TIMEOUT);
  afterEach(async () => {
    await page?.close();
    await elsewhere?.close();
  });

  async function draw(
    cache = false,
    url = `${elsewhere.url}net.safetensors`,
    recipe = { objective: "channel:conv3_1:3", size: "32" },
  ): Promise<Outcome> {
    const before = elsewhere.requests.length;
    const outcome = await page.evaluate(
      (model, keep, subject) => {
        document.querySelector("ascent-view")?.remove();
        const view = document.createElement("ascent-view");
        const given = { model, ...subject, iterations: "1" };
        for (const [name, value] of Object.entries(given)) view.setAttribute(name, value);
        view.toggleAttribute("cache", keep);
        view.style.inlineSize = "32px";
        const remarks: string[] = [];
        let transfer = { received: 0, expected: 0 };
        view.addEventListener("ascent-remark", (event) =>
          remarks.push((event as AscentRemarkEvent).detail.replace(/http:\S+\//, "")),
        );
        view.addEventListener("ascent-transfer", (event) => {
          transfer = event.detail;
        });
        document.body.append(view);
        return new Promise<Outcome>((resolve) => {
          const look = (): void => {
            if (view.state !== "finished" && view.state !== "failed") return;
            const error = view.error && `${view.error.message}; ${view.error.remedy}`;
            resolve({ state: view.state, error: error?.replace(/http:\S+\//, ""), remarks, ...transfer });
          };
          view.addEventListener("ascent-state", look);
          view.addEventListener("ascent-error", () => setTimeout(look));
        });
      },
      url,
      cache,
      recipe,
    );
    sent = elsewhere.requests.length - before;
    return outcome;
  }

  it("finds the shards of a network beside its address", async () => {
    const folder = `${ROOT}/test/fixtures/tensorflow-js`;
    const asked: string[] = [];
    const shards = await startWebServer((request, response) => {
      const name = (request.url ?? "").split("/").at(-1) ?? "";
      asked.push(name);
      whole(new Uint8Array(readFileSync(`${folder}/${name}`)), OPEN)(request, response);
    });
    const { state, error } = await draw(false, `${shards.url}model.json`, {
      objective: "class:1",
      size: "8",
    });
    await shards.close();
    expect([state, error]).toEqual(["finished", undefined]);
    expect([...new Set(asked)].sort()).toEqual([
      "model-shard1of3.bin",
      "model-shard2of3.bin",
      "model-shard3of3.bin",
      "model.json",
    ]);
  });

  it("opens by ranges, although the server hides their size, and tells how far it is", async () => {
    const { state, error, received, expected } = await draw();
    expect([state, error]).toEqual(["finished", undefined]);
    expect(received).toBe(expected);
    expect(received).toBeLessThan(bytes.length);
    expect(elsewhere.requests.every(({ method }) => method !== "OPTIONS")).toBe(true);
    expect(elsewhere.requests.filter(({ method }) => method === "HEAD")).toHaveLength(1);
  });

  it("keeps nothing unless asked to, and then opens without a connection", async () => {
    await draw();
    expect(await page.evaluate(async () => (await caches.open("webgpu-ascent networks")).keys())).toEqual([]);
    expect((await draw(true)).state).toBe("finished");
    await draw(true);
    // One byte tells that the file is the same, and HEAD how long it is.
    expect(sent).toBe(2);
    await page.setRequestInterception(true);
    page.on("request", (request) =>
      request.url().startsWith(elsewhere.url) ? request.abort() : request.continue(),
    );
    const { state, remarks } = await draw(true);
    expect(state).toBe("finished");
    expect(remarks).toEqual(["net.safetensors: its server is not reached; opened from the cache"]);
    // As text: the bundler of the tests would rewrite an import.
    const { kept, left } = (await page.evaluate(`(async () => {
      const { browserCache, deleteKept, listKept } = await import("/src/element/ascent-view.ts");
      const [kept] = await listKept(browserCache);
      await deleteKept(browserCache, kept.key);
      return { kept, left: (await listKept(browserCache)).length };
    })()`)) as { readonly kept: unknown; readonly left: number };
    expect(kept).toMatchObject({ size: bytes.length });
    expect(left).toBe(0);
  });

  it("goes on where a download broke off, without asking the server for leave", async () => {
    let broken = 0;
    elsewhere.answer = (request, response) => {
      if (request.method === "OPTIONS") return void response.writeHead(403).end();
      if (request.method === "HEAD" || broken > 0) return good(request, response);
      const [first, last] = requestedRange(request, bytes.length);
      broken++;
      response.writeHead(206, { ...OPEN, "content-length": last + 1 - first });
      response.write(bytes.subarray(first, first + 500), () => setTimeout(() => response.destroy(), 50));
    };
    const { state, error } = await draw();
    expect([state, error]).toEqual(["finished", undefined]);
    expect(broken).toBe(1);
  });

  it("runs without keeping anything where there is no room, and says so", async () => {
    await page.evaluate(() => {
      Cache.prototype.put = async () => {
        throw new DOMException("no room", "QuotaExceededError");
      };
    });
    const { state, remarks } = await draw(true);
    expect(state).toBe("finished");
    expect(remarks).toEqual([
      "net.safetensors: what is downloaded is not kept: the cache takes no more (no room)",
    ]);
  });

  const cases: readonly (readonly [string, Answer, RegExp])[] = [
    ["404", (_, response) => void response.writeHead(404, OPEN).end(), /answered 404.*check the address/],
    ["403", (_, response) => void response.writeHead(403, OPEN).end(), /does not allow it \(403\)/],
    ["416", (_, response) => void response.writeHead(416, OPEN).end(), /got an empty one/],
    [
      "503 for long",
      (_, response) =>
        void response
          .writeHead(503, { ...OPEN, "retry-after": "600", "access-control-expose-headers": "retry-after" })
          .end(),
      /answered 503.*try again in 10 minutes/,
    ],
    [
      "a page",
      (_, response) =>
        void response.writeHead(200, { ...OPEN, "content-type": "text/html" }).end("<!doctype html>"),
      /got an HTML page/,
    ],
    [
      "a server that lets no other page read",
      (_, response) => void response.writeHead(206).end(bytes.subarray(0, 65536)),
      /must allow this page \(CORS\)/,
    ],
    [
      "another file than before",
      (request, response) => {
        const headers = { ...OPEN, "last-modified": new Date(elsewhere.requests.length * 1e6).toUTCString() };
        if (request.method === "HEAD") whole(bytes, OPEN)(request, response);
        else ranged(bytes, headers)(request, response);
      },
      /changed while it was read/,
    ],
  ];
  it.each(cases)("%s is said in the page's words", async (_, answer, message) => {
    elsewhere.answer = answer;
    const { state, error } = await draw(false);
    expect(state).toBe("failed");
    expect(error).toMatch(message);
    expect(error).not.toMatch(/--\w/);
  });

  it("reads a server without ranges as far as it needs, and follows a redirect to another", async () => {
    elsewhere.answer = whole(bytes, OPEN);
    expect((await draw()).state).toBe("finished");
    const store = await startWebServer(good);
    elsewhere.answer = (_, response) =>
      void response.writeHead(302, { ...OPEN, location: `${store.url}blob?X-Signature=1` }).end();
    expect((await draw()).state).toBe("finished");
    await store.close();
  });
});
