/**
 * Runs a TypeScript module: `node src/build/run.mjs FILE [arguments]`. Node 20 cannot strip types;
 * Vite, which is here anyway, can.
 */
import { resolve } from "node:path";
import { runnerImport } from "vite";

const [file, ...rest] = process.argv.slice(2);
process.argv.splice(1, process.argv.length, resolve(file), ...rest);
await runnerImport(resolve(file), { logLevel: "error" });
