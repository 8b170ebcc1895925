import { Gpu } from "../../src/gpu/device.ts";

const known = new WeakMap<GPUDevice, Gpu>();

/** The owner of a device, the same for all cases that run on it, so that each kernel is compiled once. */
export function gpuOf(device: GPUDevice): Gpu {
  const gpu = known.get(device) ?? new Gpu(device, "test");
  known.set(device, gpu);
  return gpu;
}
