/** `webgpu-ascent/node`: WebGPU and weights in Node, for the library. The rest of this folder runs the command line's jobs. */

export { cacheFolder } from "./cache-folder.ts";
export { dawnGpu } from "./dawn.ts";
export { fileBeside, fileSource } from "./files.ts";
