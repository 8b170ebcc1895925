/** Dawn in this process, on a software Vulkan driver. */
import { create, globals } from "webgpu";
import { useDriver } from "../../src/node/vulkan.ts";
import { nodeAssets } from "./assets.ts";
import { type GpuCase, runCase } from "./case.ts";
import type { StackEnvironment } from "./environment.ts";

/** Dawn crashes when what `create()` returned is collected, so it stays here. */
let gpu: GPU | undefined;

export function startDawn(environment: StackEnvironment): GPU {
  if (!environment.available) throw new Error(`dawn: ${environment.reason}`);
  if (!gpu) {
    if (environment.driver) useDriver(environment.driver);
    Object.assign(globalThis, globals);
    gpu = create([]);
  }
  return gpu;
}

export async function runOnDawn(environment: StackEnvironment, gpuCase: GpuCase): Promise<void> {
  await runCase(startDawn(environment), gpuCase, nodeAssets);
}
