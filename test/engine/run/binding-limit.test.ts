/** A buffer over the device's limit is refused with what would fit. */
import { expect, test } from "vitest";
import { expectFits } from "../../../src/engine/run/binding-limit.ts";
import { DeviceError, InputError } from "../../../src/errors.ts";
import type { Gpu } from "../../../src/gpu/device.ts";

const limits = { maxStorageBufferBindingSize: 1000, maxBufferSize: 1200 };
const gpu = { device: { limits } } as unknown as Gpu;
const images = { size: [20, 10] as const, batch: 2 };

test("up to the smaller of two limits it fits", () => {
  expect(() => expectFits(gpu, { name: "image", bytes: 1000 }, images)).not.toThrow();
  expect(() => expectFits(gpu, { name: "image", bytes: 1001 }, images)).toThrow(InputError);
});

test("images that are too large are told what size fits", () => {
  const refused = () => expectFits(gpu, { name: "image", bytes: 2000 }, images);
  expect(refused).toThrow(
    "20×10 with 2 images is too large for this device: image needs 2000 bytes, a binding holds 1000",
  );
  // √(0.5 · 200 · 0.98)
  expect(refused).toThrow(expect.objectContaining({ remedy: "sizes up to about 9×9 fit" }));
});

test("weights are no matter of the size", () => {
  const refused = () => expectFits(gpu, { name: "fc6.weight.0", bytes: 2000 }, images);
  expect(refused).toThrow(DeviceError);
});
