/** Dawn in this process, on a software Vulkan driver. */
import { dawnGpu } from "../../src/node/dawn.ts";
import { useDriver } from "../../src/node/vulkan.ts";
import { nodeAssets } from "./assets.ts";
import { type CaseResult, type GpuCase, runCase } from "./case.ts";
import type { StackEnvironment } from "./environment.ts";

let gpu: Promise<GPU> | undefined;

export function startDawn(environment: StackEnvironment): Promise<GPU> {
  if (!environment.available) throw new Error(`dawn: ${environment.reason}`);
  if (environment.driver) useDriver(environment.driver);
  gpu ??= dawnGpu();
  return gpu;
}

export async function runOnDawn(environment: StackEnvironment, gpuCase: GpuCase): Promise<CaseResult> {
  return runCase(await startDawn(environment), gpuCase, nodeAssets);
}
