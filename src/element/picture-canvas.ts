/** The canvas of an element, as a GPU paints on it. */
import type { Ascent } from "../engine/run/ascent.ts";
import { DeviceError } from "../errors.ts";
import type { Gpu } from "../gpu/device.ts";
import { wallSize } from "../optvis/wall.ts";

/**
 * Makes a canvas ready for the pictures of an ascent.
 * @throws DeviceError where the browser gives it no WebGPU context
 */
export function openCanvas(canvas: HTMLCanvasElement, gpu: Gpu, { recipe }: Ascent): void {
  const { height, width } = wallSize(recipe.batch, recipe.size);
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const format = navigator.gpu.getPreferredCanvasFormat();
  const context = contextOf(canvas);
  // A lost device's texture may still be on it, and Firefox does not paint on over that.
  context.unconfigure();
  const alphaMode = recipe.alpha ? "premultiplied" : "opaque";
  context.configure({ device: gpu.device, format, alphaMode });
}

/** Paints the picture as it is now. */
export function paint(canvas: HTMLCanvasElement, ascent: Ascent): void {
  ascent.present(contextOf(canvas), navigator.gpu.getPreferredCanvasFormat());
}

/** Firefox stops painting the page when a canvas still shows a destroyed device's texture. */
export function closeCanvas(canvas: HTMLCanvasElement): void {
  contextOf(canvas).unconfigure();
}

function contextOf(canvas: HTMLCanvasElement): GPUCanvasContext {
  const context = canvas.getContext("webgpu");
  if (!context) throw new DeviceError("This browser gives no WebGPU context to a canvas.");
  return context;
}
