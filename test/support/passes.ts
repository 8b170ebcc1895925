/** What tests of choosing convolution kernels share: a device in name, and the two passes of one convolution. */
import type { Gpu } from "../../src/gpu/device.ts";
import { correlation } from "../../src/nn/conv3x3.ts";

/** As much of a device as choosing kernels asks for. */
export function adapter(name: string, features: readonly GPUFeatureName[] = []): Gpu {
  const limits = { maxStorageBufferBindingSize: 2 ** 27, maxComputeWorkgroupStorageSize: 2 ** 14 };
  return { adapterName: name, device: { features: new Set(features), limits } } as unknown as Gpu;
}

export const shape = {
  batch: 1,
  inputChannels: 64,
  inputHeight: 30,
  inputWidth: 20,
  outputChannels: 128,
  padding: 1,
} as const;

export const passes = (["forward", "backward_input"] as const).map((pass) => {
  return { layer: "conv2_1", pass, correlation: correlation(shape, pass), variant: "register" as const };
});
