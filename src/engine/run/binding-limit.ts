/** Whether a buffer fits into a binding of the device. */
import { DeviceError, InputError } from "../../errors.ts";
import type { Gpu } from "../../gpu/device.ts";
import type { BufferSpec } from "../../gpu/program.ts";
import type { Size } from "../../model/network.ts";

/**
 * @param images what the buffer is for
 * @throws InputError where a smaller image would fit, DeviceError where it is the weights that do not
 */
export function expectFits(
  gpu: Gpu,
  { name, bytes }: BufferSpec,
  { size: [height, width], batch }: { readonly size: Size; readonly batch: number },
): void {
  const { maxStorageBufferBindingSize, maxBufferSize } = gpu.device.limits;
  const limit = Math.min(maxStorageBufferBindingSize, maxBufferSize);
  if (bytes <= limit) return;
  if (name.includes(".weight")) {
    throw new DeviceError(`${name} needs ${bytes} bytes; this device binds at most ${limit}`, {
      remedy: "use another device or a narrower network",
    });
  }
  const largest = Math.floor(Math.sqrt((limit / bytes) * height * width * 0.98));
  throw new InputError(
    `${height}×${width} with ${batch} image${batch > 1 ? "s" : ""} is too large for this device: ` +
      `${name} needs ${bytes} bytes, a binding holds ${limit}`,
    { remedy: `sizes up to about ${largest}×${largest} fit` },
  );
}
