import { availableParallelism } from "node:os";
import { mergeConfig } from "vite";
import { defineConfig } from "vitest/config";
import { bundle } from "./src/build/bundles.ts";
import { wgsl } from "./src/build/wgsl.ts";
import { LongestFirst } from "./test/sequence.ts";

const page = defineConfig({
  // Relative addresses: the built page works from any folder of any server.
  base: "./",
  plugins: [wgsl()],
  server: { host: "127.0.0.1" },
  build: { target: "es2022", outDir: "dist/page" },
  test: {
    include: ["test/**/*.test.ts"],
    // Dawn reads the environment of its process and brings threads of its own: no worker threads.
    pool: "forks",
    // On two cores too: a browser compiles shaders on one.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    sequence: { sequencer: LongestFirst },
    testTimeout: 30_000,
    teardownTimeout: 20_000,
    reporters: process.env["CI"]
      ? ["default", ["json", { outputFile: ".cache/test-results.json" }]]
      : ["default"],
  },
});

export default defineConfig(({ mode }) => mergeConfig(page, bundle(mode)));
