/**
 * A device with what is made on it: compiled kernels, and a ledger of buffers. Everything above is handed
 * one of these; nothing here looks for a global.
 */
import { DeviceError } from "../errors.ts";
import { compileKernel, type Kernel, type KernelSource } from "./kernel.ts";

/** Features taken where the adapter has them; nothing here requires one. */
const OPTIONAL_FEATURES: readonly GPUFeatureName[] = ["timestamp-query", "shader-f16", "subgroups"];

const LIMITS = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupStorageSize",
  "maxStorageBuffersPerShaderStage",
] as const;

export interface GpuOptions {
  readonly powerPreference?: GPUPowerPreference;
  /** Caps a limit below what the adapter offers, to test how a smaller device is served. */
  readonly limits?: Partial<Record<(typeof LIMITS)[number], number>>;
  /** Features to leave out, to test how a device without them is served. */
  readonly withoutFeatures?: readonly GPUFeatureName[];
}

/** Opens the adapter's device with its largest limits. Throws a DeviceError that says what is missing. */
export async function requestGpu(gpu: GPU | undefined, options: GpuOptions = {}): Promise<Gpu> {
  if (!gpu) {
    throw new DeviceError("this browser offers no WebGPU here", {
      remedy: "open the page over https or from localhost, in a current Chrome, Edge, Firefox or Safari",
    });
  }
  const preference = options.powerPreference ?? "high-performance";
  const adapter = await gpu.requestAdapter({ powerPreference: preference });
  if (!adapter) {
    throw new DeviceError("WebGPU found no adapter", {
      remedy:
        "switch on hardware acceleration or WebGPU in the browser's settings, or install a Vulkan driver",
    });
  }
  const without = options.withoutFeatures ?? [];
  const requiredFeatures = OPTIONAL_FEATURES.filter(
    (feature) => adapter.features.has(feature) && !without.includes(feature),
  );
  const requiredLimits = Object.fromEntries(
    LIMITS.map((name) => [name, Math.min(adapter.limits[name], options.limits?.[name] ?? Infinity)]),
  );
  try {
    const device = await adapter.requestDevice({ label: "ascent", requiredFeatures, requiredLimits });
    return new Gpu(device, adapterName(adapter.info), adapter.info);
  } catch (cause) {
    throw new DeviceError(`the adapter ${adapterName(adapter.info)} refused a device`, {
      cause,
      remedy: "close other pages that use the GPU and try again",
    });
  }
}

function adapterName(info: GPUAdapterInfo): string {
  const parts = [info.vendor, info.architecture, info.device, info.description].filter(Boolean);
  return parts.join(" ") || "unnamed adapter";
}

/** Owns a GPUDevice. `dispose()` destroys it; whatever was made on it is gone then. */
export class Gpu {
  readonly device: GPUDevice;
  readonly adapterName: string;
  /** What the adapter says of itself; undefined where it was not asked. Some browsers tell it of adapters, not of devices. */
  readonly adapterInfo: GPUAdapterInfo | undefined;
  /** Resolves once the device is lost other than by `dispose()`. */
  readonly lost: Promise<DeviceError>;
  readonly #modules = new Map<string, GPUShaderModule>();
  readonly #kernels = new Map<string, Promise<Kernel>>();
  readonly #listeners = new Set<(error: DeviceError) => void>();
  #allocated = 0;
  #disposed = false;

  constructor(device: GPUDevice, name: string, info?: GPUAdapterInfo) {
    this.device = device;
    this.adapterName = name;
    this.adapterInfo = info;
    this.lost = new Promise((resolve) => {
      device.lost.then((info) => {
        if (this.#disposed) return;
        resolve(
          new DeviceError(`the GPU device was lost (${info.reason}): ${info.message || "no reason given"}`, {
            remedy: "run again; if it happens again choose a smaller size",
          }),
        );
      });
    });
    device.addEventListener("uncapturederror", this.#uncaptured);
  }

  /** Bytes of the buffers that live now. */
  get allocatedBytes(): number {
    return this.#allocated;
  }

  /** Calls back on every error WebGPU reports outside an error scope. Returns how to stop listening. */
  onError(listener: (error: DeviceError) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The compiled kernel, compiled once per source and overrides. Throws ShaderError. */
  kernel(source: KernelSource, overrides: Readonly<Record<string, number>> = {}): Promise<Kernel> {
    const key = `${source.file}:${source.name}:${JSON.stringify(overrides)}`;
    let kernel = this.#kernels.get(key);
    if (!kernel) {
      kernel = compileKernel(this.device, this.#modules, source, overrides);
      this.#kernels.set(key, kernel);
      kernel.catch(() => this.#kernels.delete(key));
    }
    return kernel;
  }

  /** Allocates `size` bytes, rounded up to 4. Throws DeviceError where a limit or the memory is passed. */
  buffer(label: string, size: number, usage: GPUBufferUsageFlags): GPUBuffer {
    const bytes = Math.max(4, Math.ceil(size / 4) * 4);
    if (bytes > this.device.limits.maxBufferSize) {
      throw new DeviceError(
        `${label} needs ${bytes} bytes; a buffer of this device holds ${this.device.limits.maxBufferSize}`,
        { remedy: "choose a smaller size or batch" },
      );
    }
    const buffer = this.device.createBuffer({ label, size: bytes, usage });
    this.#allocated += bytes;
    return buffer;
  }

  /** Destroys a buffer made by `buffer`. */
  free(buffer: GPUBuffer): void {
    this.#allocated -= buffer.size;
    buffer.destroy();
  }

  dispose(): void {
    this.#disposed = true;
    this.device.removeEventListener("uncapturederror", this.#uncaptured);
    this.device.destroy();
  }

  readonly #uncaptured = (event: Event): void => {
    const { error } = event as GPUUncapturedErrorEvent;
    const failure = new DeviceError(`WebGPU: ${error.message}`, { cause: error });
    for (const listener of this.#listeners) listener(failure);
  };
}

/** Runs `make` inside out-of-memory and validation scopes; either error becomes a DeviceError. */
export async function guarded<T>(device: GPUDevice, what: string, make: () => T): Promise<Awaited<T>> {
  device.pushErrorScope("validation");
  device.pushErrorScope("out-of-memory");
  let failure: unknown;
  let made: Awaited<T> | undefined;
  try {
    made = await make();
  } catch (error) {
    failure = error;
  }
  const memory = await device.popErrorScope();
  const validation = await device.popErrorScope();
  if (failure) throw failure;
  if (memory) {
    throw new DeviceError(`${what}: the GPU is out of memory`, {
      cause: memory,
      remedy: "choose a smaller size or batch, or close other pages that use the GPU",
    });
  }
  if (validation) throw new DeviceError(`${what}: ${validation.message}`, { cause: validation });
  return made as Awaited<T>;
}

/** Copies a buffer back to the CPU through a staging buffer of its own; for results, never while stepping. */
export async function readBuffer(
  gpu: Gpu,
  source: GPUBuffer,
  offset = 0,
  size = source.size - offset,
): Promise<ArrayBuffer> {
  const [bytes] = await readBuffers(gpu, [{ source, offset, size }]);
  return bytes as ArrayBuffer;
}

export interface BufferPart {
  readonly source: GPUBuffer;
  /** In bytes. */
  readonly offset: number;
  readonly size: number;
}

/** Copies parts of buffers back to the CPU as they are at one moment of the queue: that of the call. */
export async function readBuffers(gpu: Gpu, parts: readonly BufferPart[]): Promise<ArrayBuffer[]> {
  const ends: number[] = [];
  // Parts of a mapped buffer begin at multiples of 8 bytes.
  for (const { size } of parts) ends.push((ends.at(-1) ?? 0) + 8 * Math.ceil(size / 8));
  const label = `${parts.map(({ source }) => source.label).join(", ")} read back`;
  const staging = gpu.buffer(label, ends.at(-1) ?? 0, GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ);
  try {
    const encoder = gpu.device.createCommandEncoder({ label: "read back" });
    for (const [i, { source, offset, size }] of parts.entries())
      encoder.copyBufferToBuffer(source, offset, staging, ends[i - 1] ?? 0, size);
    gpu.device.queue.submit([encoder.finish()]);
    await orLost(gpu, staging.mapAsync(GPUMapMode.READ));
    return parts.map(({ size }, i) => staging.getMappedRange(ends[i - 1] ?? 0, size).slice(0));
  } finally {
    gpu.free(staging);
  }
}

/** Milliseconds that the news of a lost device may take after something failed of it. */
const NEWS_MS = 500;

/**
 * Waits for what the device was asked for.
 * @throws DeviceError where that fails: that of the lost device, if it is lost
 */
export async function orLost(gpu: Gpu, work: Promise<undefined>): Promise<void> {
  try {
    await work;
  } catch (cause) {
    const failed = new DeviceError("reading back from the GPU failed", { cause, remedy: "run again" });
    const late = new Promise<DeviceError>((resolve) => setTimeout(() => resolve(failed), NEWS_MS));
    throw await Promise.race([gpu.lost, late]);
  }
}
