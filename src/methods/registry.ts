/**
 * The methods: one line each, under the name of its command. From here come jobs, commands, their help, the page's list
 * and what `webgpu-ascent/methods` exports:
 *
 * ```ts
 * import { saliency } from "webgpu-ascent/methods";
 * const { report, tensors } = await saliency.run(gpu, model, { objective: "class:goldfish", image });
 * ```
 *
 * `image` is `{ shape: [1, 3, H, W], data }`, RGB in 0–1 units; `tensors.map` is (1,1,H,W). A description says what its
 * method takes (`input`, `subject`), its settings with their defaults and bounds (`options`), and the tensors it makes
 * (`makes`). `run` throws an AscentError of any kind. `picture.draw(result, options)` makes RGB in 0–1 units of a result.
 */
export { bench } from "./bench.ts";
export { caricature } from "./caricature.ts";
export { classify } from "./classify.ts";
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
export type { AnyMethod, Drawn, MadeTensor, Method, RankedRow, Sought } from "./method.ts";
export { render } from "./render.ts";
export type { GpuReport, Result, RunContext, RuntimeName, Tensor } from "./report.ts";
export { saliency } from "./saliency.ts";
export { smoothgrad } from "./smoothgrad.ts";
