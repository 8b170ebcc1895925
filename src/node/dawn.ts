/** WebGPU in Node, for the library (`webgpu-ascent/node`) and the command line: Dawn, from the optional package `webgpu`. */

import { tmpdir } from "node:os";
import { DeviceError } from "../errors.ts";
import { findChromiums } from "./find-browser.ts";
import { pacePolling } from "./polling.ts";
import { findSoftwareVulkan, useDriver } from "./vulkan.ts";

/** Each is kept for the life of the process: Dawn crashes if its instance is collected while a device lives. */
const instances: GPU[] = [];

/** Timestamps in nanoseconds instead of steps of 100 µs: this process times only itself. */
const toggles = ["disable-dawn-features=timestamp_quantization"];

/**
 * Finds an adapter: the system's, else lavapipe, else the SwiftShader that comes with Chromium. If `VK_DRIVER_FILES` is
 * set, only the drivers that it names count.
 *
 * @throws DeviceError if the package is missing or no adapter is found, saying what to install
 */
export async function dawnGpu(): Promise<GPU> {
  const { create, globals } = await importDawn();
  Object.assign(globalThis, globals);
  pacePolling();
  prepareRuntimeFolder();
  const named = process.env["VK_DRIVER_FILES"] ?? process.env["VK_ICD_FILENAMES"];
  const drivers = named ? [] : findSoftwareVulkan(findChromiums());
  for (const driver of [undefined, ...drivers]) {
    if (driver !== undefined) useDriver(driver);
    const gpu = create(toggles);
    instances.push(gpu);
    if (await gpu.requestAdapter()) return gpu;
  }
  throw new DeviceError(named ? `no WebGPU adapter from ${named}` : "no WebGPU adapter found", {
    remedy: remedy(),
  });
}

async function importDawn(): Promise<typeof import("webgpu")> {
  try {
    return await import("webgpu");
  } catch (cause) {
    throw new DeviceError("the optional package webgpu (Dawn for Node) cannot be loaded", {
      remedy: "npm install webgpu, or use --runtime chromium or firefox",
      cause,
    });
  }
}

/** Mesa warns on stderr where no such folder is named. It keeps nothing there. */
function prepareRuntimeFolder(): void {
  if (process.platform === "linux") process.env["XDG_RUNTIME_DIR"] ??= tmpdir();
}

function remedy(): string {
  if (process.platform !== "linux") return "update the graphics driver, or use --runtime chromium or firefox";
  return (
    "install a Vulkan driver for your GPU, or a software one: Mesa's lavapipe from version 24 on (older ones are " +
    "refused; Debian package mesa-vulkan-drivers, on Debian 12 from backports) or Chromium, which brings SwiftShader"
  );
}
