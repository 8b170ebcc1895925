/** WebGPU and weights in Node, for the library: `webgpu-ascent/node`. */
export { dawnGpu } from "./dawn.ts";
export { fileSource } from "./files.ts";
