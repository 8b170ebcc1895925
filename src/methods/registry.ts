/**
 * The methods: one line each, under the name of its command. From here come jobs, commands, their help, the page's list
 * and what `webgpu-ascent/methods` exports:
 *
 * ```ts
 * import { saliency } from "webgpu-ascent/methods";
 * const { report, tensors } = await saliency.run(gpu, model, { objective: "class:goldfish", image });
 * ```
 *
 * `image` is `{ shape: [1, 3, H, W], data }`, RGB in 0–1 units; `tensors.map` is (1,1,H,W). `options` of each method
 * lists its settings with their defaults and bounds.
 */
export { bench } from "./bench.ts";
export { caricature } from "./caricature.ts";
export { dream } from "./dream.ts";
export { examples } from "./examples.ts";
export { fool } from "./fool.ts";
export { gradcam } from "./gradcam.ts";
export { gradient } from "./gradient.ts";
export { grid } from "./grid.ts";
export { guided } from "./guided.ts";
export { info } from "./info.ts";
export { integrated } from "./integrated.ts";
export { invert } from "./invert.ts";
export { render } from "./render.ts";
export { saliency } from "./saliency.ts";
export { smoothgrad } from "./smoothgrad.ts";
