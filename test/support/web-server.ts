/** A real HTTP server on this machine that can be told to misbehave, and counts what it sends. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export interface WebServer {
  /** Ends in `/`. */
  readonly url: string;
  readonly requests: readonly IncomingMessage[];
  /** Replaces how it answers. */
  answer: Answer;
  close(): Promise<void>;
}

export async function startWebServer(answer: Answer = notFound): Promise<WebServer> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    started.answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const started: WebServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    requests,
    answer,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return started;
}

export const notFound: Answer = (_, response) => void response.writeHead(404).end();

/** The range that a request asks for; last is inclusive, as HTTP counts. */
export function requestedRange(request: IncomingMessage, size: number): [first: number, last: number] {
  const [, first = "", last = ""] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
  return [Number(first), Math.min(Number(last), size - 1)];
}

/** A server as it should be. */
export const ranged =
  (bytes: Uint8Array, headers: Record<string, string> = {}): Answer =>
  (request, response) => {
    const [first, last] = requestedRange(request, bytes.length);
    response.writeHead(206, {
      "content-range": `bytes ${first}-${last}/${bytes.length}`,
      "content-length": last + 1 - first,
      ...headers,
    });
    response.end(bytes.subarray(first, last + 1));
  };

/** A server that knows no ranges. */
export const whole =
  (bytes: Uint8Array, headers: Record<string, string> = {}): Answer =>
  (_, response) => {
    response.writeHead(200, { "content-length": bytes.length, ...headers });
    response.end(bytes);
  };

/** Files by their path without the leading `/`. */
export const site =
  (files: Readonly<Record<string, Answer>>): Answer =>
  (request, response) => {
    const path = decodeURIComponent((request.url ?? "").replace(/^\//, "").replace(/\?.*$/, ""));
    (files[path] ?? notFound)(request, response);
  };
