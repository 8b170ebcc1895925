/** Serves the sources to a browser, as `npm start` does, plus the files that test cases read. */
import { join } from "node:path";
import { createServer, type Plugin } from "vite";
import { readAsset } from "./assets.ts";
import { ROOT } from "./environment.ts";

export interface Server {
  /** Ends without a slash. */
  readonly url: string;
  close(): Promise<void>;
}

/** Answers `/asset?path=…` with a file of the repository or of `../shared/data`. */
const assetRoute: Plugin = {
  name: "ascent-test-assets",
  configureServer(server) {
    server.middlewares.use("/asset", async (request, response) => {
      const path = new URL(request.url ?? "", "http://localhost").searchParams.get("path") ?? "";
      try {
        const body = await readAsset(path);
        response.setHeader("content-type", "application/octet-stream");
        response.end(body);
      } catch (error) {
        response.statusCode = 404;
        response.end(String(error));
      }
    });
  },
};

/** Starts a server on a free port of this machine; it neither watches nor reloads. */
export async function startServer(): Promise<Server> {
  const server = await createServer({
    root: ROOT,
    configFile: join(ROOT, "vite.config.ts"),
    mode: "test",
    logLevel: "error",
    plugins: [assetRoute],
    server: { host: "127.0.0.1", port: 0, strictPort: false, hmr: false, watch: null, open: false },
    optimizeDeps: { noDiscovery: true, include: [] },
  });
  await server.listen();
  const address = server.httpServer?.address();
  if (!address || typeof address === "string") throw new Error("the test server has no port");
  return { url: `http://127.0.0.1:${address.port}`, close: () => server.close() };
}
