/** Serves the sources to a browser, as `npm start` does, or the built page; and the files that tests read. */
import type { Server as HttpServer } from "node:http";
import { join } from "node:path";
import { type Connect, createServer, type Plugin, preview } from "vite";
import { readAsset } from "./assets.ts";
import { dist } from "./dist.ts";
import { ROOT } from "./environment.ts";

export interface Server {
  /** Ends without a slash. */
  readonly url: string;
  close(): Promise<void>;
}

/** Answers `/asset?path=…`, and `/asset/…` where files lie beside each other, with a file of the repository or of `../shared/data`. */
const assetRoute: Plugin = {
  name: "ascent-test-assets",
  configureServer: ({ middlewares }) => void middlewares.use("/asset", answerAsset),
  configurePreviewServer: ({ middlewares }) => void middlewares.use("/asset", answerAsset),
};

const answerAsset: Connect.NextHandleFunction = async (request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? "", "http://localhost");
  const path = searchParams.get("path") ?? decodeURIComponent(pathname.slice(1));
  try {
    const body = await readAsset(path);
    response.setHeader("content-type", "application/octet-stream");
    // Downloads are kept only where the server tells versions apart.
    response.setHeader("etag", `"${body.length}"`);
    response.end(body);
  } catch (error) {
    response.statusCode = 404;
    response.end(String(error));
  }
};

const ADDRESS = { host: "127.0.0.1", port: 0, strictPort: false, open: false } as const;

/** Starts a server on a free port of this machine; it neither watches nor reloads. */
export async function startServer(): Promise<Server> {
  const server = await createServer({
    root: ROOT,
    configFile: join(ROOT, "vite.config.ts"),
    mode: "test",
    logLevel: "error",
    plugins: [assetRoute],
    server: { ...ADDRESS, hmr: false, watch: null },
    optimizeDeps: { noDiscovery: true, include: [] },
  });
  await server.listen();
  return { url: urlOf(server.httpServer), close: () => server.close() };
}

/** Starts a server of the built page, in a folder of it. */
export async function startBuiltServer(): Promise<Server> {
  const base = "/some/folder/";
  const outDir = dist("page");
  const server = await preview({
    root: ROOT,
    mode: "test",
    base,
    logLevel: "error",
    plugins: [assetRoute],
    build: { outDir },
    preview: ADDRESS,
  });
  return { url: urlOf(server.httpServer) + base.slice(0, -1), close: () => server.close() };
}

function urlOf(server: Pick<HttpServer, "address"> | null): string {
  const address = server?.address();
  if (!address || typeof address === "string") throw new Error("the test server has no port");
  return `http://127.0.0.1:${address.port}`;
}
