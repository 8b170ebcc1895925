import { defineConfig } from "vitest/config";
import { wgsl } from "./src/build/wgsl.ts";

export default defineConfig({
  plugins: [wgsl()],
  build: { target: "es2022", outDir: "dist/page" },
  test: {
    include: ["test/**/*.test.ts"],
    // Dawn reads the environment of its process and brings threads of its own: no worker threads.
    pool: "forks",
    testTimeout: 30_000,
    teardownTimeout: 20_000,
  },
});
