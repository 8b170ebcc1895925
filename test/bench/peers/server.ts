/** Serves the page, the libraries it imports by name, and the reference gradient. */
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize, sep } from "node:path";

const TYPES: Readonly<Record<string, string>> = {
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
  ".html": "text/html",
};

/** WebAssembly's threads need an isolated page. */
const HEADERS = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
  "cache-control": "no-store",
} as const;

const PAGE = `<!doctype html>
<meta charset="utf-8">
<script type="importmap">
{ "imports": {
  "webgpu-ascent": "/ascent/index.js",
  "webgpu-ascent-before": "/before/index.js",
  "onnxruntime-web/webgpu": "/onnxruntime/ort.webgpu.bundle.min.mjs"
} }
</script>
<script type="module" src="/page/page.js"></script>`;

export interface Folders {
  /** The bundled page. */
  readonly page: string;
  /** Ascent's library build. */
  readonly ascent: string;
  /** Another build of it, to compare the two. */
  readonly before: string;
  readonly onnxruntime: string;
}

/** @param reference file of the reference gradient, if there is one */
export async function serve(folders: Folders, reference: string | undefined) {
  const server = createServer((request, response) => answer(request, response, folders, reference));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://localhost:${port}/`, close: () => server.close() };
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  folders: Folders,
  reference: string | undefined,
): void {
  const { pathname } = new URL(request.url ?? "/", "http://localhost");
  if (pathname === "/") {
    response.writeHead(200, { ...HEADERS, "content-type": "text/html" }).end(PAGE);
    return;
  }
  const file = pathname === "/reference.bin" ? reference : fileOf(pathname, folders);
  if (!file || !existsSync(file) || !statSync(file).isFile()) {
    response.writeHead(404, HEADERS).end();
    return;
  }
  const type = TYPES[extname(file)] ?? "application/octet-stream";
  response.writeHead(200, { ...HEADERS, "content-type": type });
  createReadStream(file).pipe(response);
}

function fileOf(pathname: string, folders: Folders): string | undefined {
  const [, name, ...rest] = pathname.split("/");
  const folder = Object.entries(folders).find(([key]) => key === name)?.[1] as string | undefined;
  if (!folder) return undefined;
  const file = normalize(join(folder, ...rest));
  return file.startsWith(folder + sep) ? file : undefined;
}
