/** Serves one task to one page on localhost and waits for what it posts. */

import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Tensor } from "../methods/report.ts";
import {
  type ErrorMessage,
  packTensors,
  paths,
  type Task,
  unpackError,
  unpackTensors,
} from "../runtime/protocol.ts";

export interface TaskFiles {
  readonly task: Task;
  readonly tensors: Readonly<Record<string, Tensor>>;
  /** Path of the weights. */
  readonly model: string;
  /** Path of the built `browser-page.js`. */
  readonly script: string;
}

export interface TaskServer {
  /** Address of the page. Its random part keeps other pages of this browser out. */
  readonly url: string;
  /** Rejects with the page's error. */
  readonly outcome: Promise<Outcome>;
  close(): void;
}

interface Outcome {
  /** The report as the page posted it. */
  readonly report: unknown;
  readonly tensors: Record<string, Tensor>;
}

/** @param onProgress called with the number of finished iterations */
export async function serveTask(
  files: TaskFiles,
  onProgress?: (iteration: number) => void,
): Promise<TaskServer> {
  const folder = `/${randomUUID()}/`;
  const outcome = deferred<Outcome>();
  const receive = receivers(outcome, onProgress);
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = request.url?.startsWith(folder) ? request.url.slice(folder.length) : undefined;
    if (path === undefined) return refuse(response);
    if (request.method !== "POST") return send(path, files, request, response);
    const receiver = receive.get(path);
    if (receiver === undefined) return refuse(response);
    await receiver(await readBody(request));
    response.end();
  };
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      outcome.reject(error);
      response.destroy();
    });
  });
  await listen(server);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${folder}`,
    outcome: outcome.promise,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (reason: unknown) => void;
}

function deferred<T>(): Deferred<T> {
  let settle: Pick<Deferred<T>, "resolve" | "reject"> | undefined;
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject };
  });
  // It may fail before anyone waits for it.
  promise.catch(() => {});
  return { promise, ...(settle as NonNullable<typeof settle>) };
}

type Receiver = (body: Buffer) => Promise<void> | void;

function receivers(
  outcome: Deferred<Outcome>,
  onProgress: ((iteration: number) => void) | undefined,
): ReadonlyMap<string, Receiver> {
  let tensors: Record<string, Tensor> = {};
  return new Map<string, Receiver>([
    [
      paths.progress,
      (body) => onProgress?.((JSON.parse(body.toString()) as { iteration: number }).iteration),
    ],
    [
      paths.tensors,
      async (body) => {
        tensors = await unpackTensors(body);
      },
    ],
    [paths.report, (body) => outcome.resolve({ report: JSON.parse(body.toString()), tensors })],
    [paths.error, (body) => outcome.reject(unpackError(JSON.parse(body.toString()) as ErrorMessage))],
  ]);
}

function refuse(response: ServerResponse): void {
  response.writeHead(404).end();
}

const PAGE = `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>Ascent</title>
<script type="module" src="${paths.script}"></script>`;

async function send(
  path: string,
  files: TaskFiles,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const headers = { "Cache-Control": "no-store" };
  const reply = (type: string, body: string | Uint8Array): void => {
    response.writeHead(200, { ...headers, "Content-Type": type }).end(body);
  };
  if (path === "") return reply("text/html", PAGE);
  if (path === paths.script) return reply("text/javascript", await readFile(files.script));
  if (path === paths.task) return reply("application/json", JSON.stringify(files.task));
  if (path === paths.input) return reply("application/octet-stream", packTensors(files.tensors));
  if (path === paths.model) return sendRange(files.model, request, response, headers);
  return refuse(response);
}

/** A file, or the one range of it that was asked for (RFC 9110, section 14). */
async function sendRange(
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  const { size } = await stat(path);
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
  const start = Number(from ?? 0);
  const end = Math.min(to ? Number(to) : size - 1, size - 1);
  const common = { ...headers, "Accept-Ranges": "bytes", "Content-Type": "application/octet-stream" };
  if (from !== undefined && start > end) {
    response.writeHead(416, { ...common, "Content-Range": `bytes */${size}` }).end();
    return;
  }
  const length = { "Content-Length": end - start + 1 };
  if (from === undefined) response.writeHead(200, { ...common, ...length });
  else response.writeHead(206, { ...common, ...length, "Content-Range": `bytes ${start}-${end}/${size}` });
  if (request.method === "HEAD" || size === 0) {
    response.end();
    return;
  }
  // A reader that has enough hangs up; that is no failure.
  createReadStream(path, { start, end })
    .on("error", () => response.destroy())
    .pipe(response);
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
