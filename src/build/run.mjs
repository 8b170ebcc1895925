/**
 * Runs a TypeScript module: `node src/build/run.mjs FILE [arguments]`. Node 20 cannot strip types;
 * Vite, which is here anyway, can; and shaders are imported as anywhere.
 */
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { runnerImport } from "vite";

const [file, ...rest] = process.argv.slice(2);
process.argv.splice(1, process.argv.length, resolve(file), ...rest);
const options = { logLevel: "error" };
const shaders = join(dirname(fileURLToPath(import.meta.url)), "wgsl.ts");
const { module } = await runnerImport(shaders, options);
await runnerImport(resolve(file), { ...options, plugins: [module.wgsl()] });
