/** A server on localhost for one page, which runs jobs: hands it messages and weights, and takes what it posts. */

import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { basename } from "node:path";
import type { Tensor } from "../methods/report.ts";
import { isPlainName } from "../model/beside.ts";
import { isAddress } from "../model/model-source.ts";
import type { ByteSource } from "../model/source.ts";
import {
  type FromPage,
  packJob,
  packTensors,
  paths,
  type ToWorker,
  unpackTensors,
  type Weights,
} from "../runtime/protocol.ts";
import type { Conversation, WeightsNews } from "./conversation.ts";
import { type OpenedWeights, openWeights } from "./weights.ts";

export interface PageFiles {
  readonly weights: Weights;
  /** Told how the weights come, where they are not on this machine. */
  readonly news?: WeightsNews;
  /** Path of the built `browser-page.js`. */
  readonly script: string;
}

export interface PageServer {
  /** Address of the page. Its random part keeps other pages of this browser out. */
  readonly url: string;
  /** Hands the page a message, once it listens. */
  send(message: ToWorker): void;
  close(): void;
}

/** @param onLeave called when the page is gone that listened */
export async function servePage(
  files: PageFiles,
  conversation: Pick<Conversation, "receive" | "end">,
  onLeave: () => void,
): Promise<PageServer> {
  const folder = `/${randomUUID()}/`;
  const outbox = startOutbox(onLeave);
  const receive = receiver(conversation);
  const weights = weightsFiles(files);
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = request.url?.startsWith(folder) ? request.url.slice(folder.length) : undefined;
    if (path === undefined) return refuse(response);
    if (request.method === "POST") return receive(path, request, response);
    if (path === paths.events) return outbox.connect(response);
    const input = outbox.takeInput(path);
    return input
      ? reply(response, "application/octet-stream", input)
      : send(path, files.script, weights, request, response);
  };
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      conversation.end(error instanceof Error ? error : new Error(String(error)));
      response.destroy();
    });
  });
  await listen(server);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${folder}`,
    send: outbox.send,
    close() {
      server.close();
      server.closeAllConnections();
      weights.close();
    },
  };
}

/** What the page will fetch: messages as server-sent events (HTML standard, section 9.2), and tensors of jobs. */
interface Outbox {
  send(message: ToWorker): void;
  connect(response: ServerResponse): void;
  takeInput(path: string): Uint8Array | undefined;
}

function startOutbox(onLeave: () => void): Outbox {
  const inputs = new Map<string, Uint8Array>();
  const waiting: string[] = [];
  let stream: ServerResponse | undefined;
  return {
    send(message) {
      let event: ToWorker = message;
      if (message.kind === "open") {
        const path = paths.weights + encodeURIComponent(weightsName(message.weights.path));
        event = { ...message, weights: { ...message.weights, path } };
      }
      if (message.kind === "job") {
        const { job, tensors } = packJob(message.job);
        inputs.set(`${paths.input}${message.task}`, packTensors(tensors));
        event = { ...message, job };
      }
      // JSON has no line ends, so an event is one line.
      const text = `data: ${JSON.stringify(event)}\n\n`;
      if (stream) stream.write(text);
      else waiting.push(text);
    },
    connect(response) {
      stream = response;
      response.writeHead(200, { ...HEADERS, "Content-Type": "text/event-stream" });
      response.write(waiting.splice(0).join(""));
      response.once("close", onLeave);
    },
    takeInput(path) {
      const input = inputs.get(path);
      inputs.delete(path);
      return input;
    },
  };
}

/** Takes what the page posts: the tensors of a result, and then the message that they belong to. */
function receiver(conversation: Pick<Conversation, "receive">) {
  const results = new Map<string, Record<string, Tensor>>();
  return async (path: string, request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await readBody(request);
    if (path.startsWith(paths.tensors)) {
      results.set(path.slice(paths.tensors.length), await unpackTensors(body));
    } else if (path === paths.message) {
      const message = JSON.parse(body.toString()) as FromPage;
      if (message.kind === "result") {
        const { kind, task, report } = message;
        conversation.receive({ kind, task, result: { report, tensors: results.get(`${task}`) ?? {} } });
        results.delete(`${task}`);
      } else conversation.receive(message);
    } else return refuse(response);
    response.writeHead(200, HEADERS).end();
  };
}

const HEADERS = { "Cache-Control": "no-store" } as const;

function reply(response: ServerResponse, type: string, body: string | Uint8Array): void {
  response.writeHead(200, { ...HEADERS, "Content-Type": type }).end(body);
}

function refuse(response: ServerResponse): void {
  response.writeHead(404).end();
}

const PAGE = `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>Ascent</title>
<script type="module" src="${paths.script}"></script>`;

/** The file of weights and those beside it, by name, each opened once. */
interface WeightsFiles {
  source(name: string): Promise<ByteSource | undefined>;
  close(): void;
}

function weightsFiles({ weights, news = {} }: PageFiles): WeightsFiles {
  const { path, offline } = weights;
  const { onTransfer: onProgress, onRemark } = news;
  let opened: Promise<OpenedWeights> | undefined;
  const sources = new Map<string, Promise<ByteSource | undefined>>();
  const open = async (name: string): Promise<ByteSource | undefined> => {
    opened ??= openWeights(path, {
      offline,
      ...(onProgress && { onProgress }),
      ...(onRemark && { onRemark }),
    });
    const { source, beside } = await opened;
    return name === weightsName(path) ? source : beside(name);
  };
  return {
    source(name) {
      const source = sources.get(name) ?? open(name);
      sources.set(name, source);
      return source;
    },
    close() {
      for (const source of sources.values()) source.then((one) => one?.close?.()).catch(() => undefined);
    },
  };
}

/** The last part of a path or of an address. */
function weightsName(path: string): string {
  return isAddress(path) ? basename(new URL(path).pathname) || "weights" : basename(path);
}

async function send(
  path: string,
  script: string,
  weights: WeightsFiles,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (path === "") return reply(response, "text/html", PAGE);
  if (path === paths.script) return reply(response, "text/javascript", await readFile(script));
  if (!path.startsWith(paths.weights)) return refuse(response);
  const name = decodeURIComponent(path.slice(paths.weights.length));
  const source = isPlainName(name) ? await weights.source(name) : undefined;
  return source ? sendRange(source, request, response) : refuse(response);
}

const PART_BYTES = 1 << 20;

/** A file, or the one range of it that was asked for (RFC 9110, section 14). */
async function sendRange(
  source: ByteSource,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { size } = source;
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
  const start = Number(from ?? 0);
  const end = Math.min(to ? Number(to) : size - 1, size - 1);
  const common = { ...HEADERS, "Accept-Ranges": "bytes", "Content-Type": "application/octet-stream" };
  if (from !== undefined && start > end) {
    response.writeHead(416, { ...common, "Content-Range": `bytes */${size}` }).end();
    return;
  }
  const length = { "Content-Length": end - start + 1 };
  if (from === undefined) response.writeHead(200, { ...common, ...length });
  else response.writeHead(206, { ...common, ...length, "Content-Range": `bytes ${start}-${end}/${size}` });
  if (request.method !== "HEAD") {
    // A reader that has enough hangs up; that is no failure.
    for (let at = start; at <= end && !response.destroyed; at += PART_BYTES) {
      const part = await source.read(at, Math.min(at + PART_BYTES, end + 1));
      if (!response.write(part)) await Promise.race([once(response, "drain"), once(response, "close")]);
    }
  }
  response.end();
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
}
