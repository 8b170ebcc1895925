/** What a device's owner says where WebGPU is missing, refuses, or fails later. */
import { describe, expect, it } from "vitest";
import { DeviceError } from "../../src/errors.ts";
import { type Gpu, orLost, requestGpu } from "../../src/gpu/device.ts";

/** As much of an adapter as opening a device asks for. */
function adapterThat(requestDevice: () => Promise<never>): GPU {
  const info = { vendor: "mesa", architecture: "", device: "", description: "llvmpipe" };
  const adapter = { info, features: new Set(), limits: {}, requestDevice };
  return { requestAdapter: async () => adapter } as unknown as GPU;
}

describe("opening a device", () => {
  it("says what is missing, and what to do", async () => {
    await expect(requestGpu(undefined)).rejects.toThrow(/no WebGPU/);
    const none = { requestAdapter: async () => null } as unknown as GPU;
    await expect(requestGpu(none)).rejects.toThrow("WebGPU found no adapter");
    await expect(requestGpu(none)).rejects.toHaveProperty("remedy", expect.stringMatching(/driver/));
  });

  it("names the adapter that refuses, and keeps the cause", async () => {
    const cause = new Error("busy");
    const refused = requestGpu(adapterThat(() => Promise.reject(cause)));
    await expect(refused).rejects.toThrow("the adapter mesa llvmpipe refused a device");
    await expect(refused).rejects.toMatchObject({ cause });
  });
});

describe("waiting for a device", () => {
  const gone = (lost: Promise<DeviceError>) => ({ lost }) as unknown as Gpu;
  const never = new Promise<DeviceError>(() => undefined);

  it("ends with the work", async () => {
    await expect(orLost(gone(never), Promise.resolve(undefined))).resolves.toBeUndefined();
  });

  it("tells the loss, also where it is told after the failure", async () => {
    const loss = new DeviceError("the GPU device was lost");
    const late = new Promise<DeviceError>((resolve) => setTimeout(() => resolve(loss), 50));
    await expect(orLost(gone(late), Promise.reject(new Error("aborted")))).rejects.toBe(loss);
  });

  it("tells of a failure without a loss as a DeviceError", async () => {
    const cause = new Error("aborted");
    const failed = orLost(gone(never), Promise.reject(cause));
    await expect(failed).rejects.toBeInstanceOf(DeviceError);
    await expect(failed).rejects.toMatchObject({ cause });
  });
});
