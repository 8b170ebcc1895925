/**
 * What `vite build` makes besides the page, by `--mode`: the command line, the script it runs in browsers,
 * and the library.
 */

import type { UserConfig } from "vite";

/** The command line: one folder of plain modules. Only packages that cannot be bundled stay packages. */
const node: UserConfig = {
  build: {
    target: "node20",
    outDir: "dist/node",
    copyPublicDir: false,
    ssr: true,
    rolldownOptions: {
      input: ["src/cli/cli.ts", "src/node/dawn-process.ts", "src/cli/bench-table.ts"],
      // Flat, since modules find the package's folder from their own address.
      output: { entryFileNames: "[name].js", chunkFileNames: "[name].js" },
    },
  },
  ssr: { target: "node", noExternal: true, external: ["webgpu", "puppeteer"] },
};

/** One file, which `--runtime chromium|firefox` serves to the browser. */
const runtime: UserConfig = {
  build: {
    target: "es2022",
    outDir: "dist/runtime",
    copyPublicDir: false,
    rolldownOptions: {
      input: { "browser-page": "src/runtime/browser-page.ts" },
      output: { entryFileNames: "[name].js", codeSplitting: false },
    },
  },
};

/** What `import "webgpu-ascent"` gets. Shaders are in it; packages are left to the next bundler. */
const library: UserConfig = {
  build: {
    target: "es2022",
    outDir: "dist/lib",
    copyPublicDir: false,
    // Not for a server, but this keeps every import of a package an import.
    ssr: true,
    rolldownOptions: {
      input: {
        index: "src/index.ts",
        element: "src/element/ascent-view.ts",
        methods: "src/methods/registry.ts",
        node: "src/node/index.ts",
      },
      output: {
        ...{ entryFileNames: "[name].js", chunkFileNames: "chunks/[name]-[hash].js" },
        // The declarations keep the docstrings.
        comments: { annotation: true, legal: true, jsdoc: false },
      },
    },
  },
};

/** What to add to the configuration in a mode; nothing for the page's own build. */
export function bundle(mode: string): UserConfig {
  if (mode === "node") return node;
  if (mode === "runtime") return runtime;
  if (mode === "library") return library;
  return {};
}
