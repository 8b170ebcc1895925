/** Where a browser keeps its WebGPU, and what to tell a person whose browser has none. */
import { DeviceError } from "../errors.ts";

function remedy(): string {
  if (!globalThis.isSecureContext) {
    return "Open this page over https or from localhost: browsers offer WebGPU to secure pages only.";
  }
  const agent = navigator.userAgent;
  if (/Firefox/.test(agent)) {
    return "Update Firefox, or open about:config and set dom.webgpu.enabled and gfx.webgpu.ignore-blocklist to true.";
  }
  if (/Chrom(e|ium)/.test(agent)) {
    return "Update the browser to version 113 or later; on Linux also switch on chrome://flags/#enable-unsafe-webgpu.";
  }
  if (/Safari/.test(agent)) return "Update to Safari 26 or later.";
  return "Use a current Chrome, Edge, Firefox or Safari.";
}

/** @throws DeviceError saying what is missing and what to do, where the browser has no WebGPU. */
export function browserGpu(): GPU {
  // The types promise `navigator.gpu`; insecure pages and older browsers do not have it.
  const gpu = (navigator as { readonly gpu?: GPU }).gpu;
  if (!gpu) {
    const missing = globalThis.isSecureContext
      ? "This browser has no WebGPU (navigator.gpu is missing)."
      : "This page is not a secure context, so the browser withholds WebGPU.";
    throw new DeviceError(missing, { remedy: remedy() });
  }
  return gpu;
}
