/**
 * Runs a plan on a device: allocates once, then replays. While stepping it creates no buffer, bind group
 * or pipeline; many iterations are one submission in one compute pass.
 */
import { DeviceError, InputError } from "../errors.ts";
import { type Gpu, guarded } from "../gpu/device.ts";
import { type BufferRef, bufferName, type Dispatch } from "../gpu/dispatch.ts";
import { bindKernel, type Kernel, writeUniform } from "../gpu/kernel.ts";
import type { Model } from "../model/network.ts";
import type { BufferSpec } from "./memory.ts";
import type { Plan } from "./plan.ts";
import { uploadWeights } from "./upload.ts";

/** A dispatch with everything the encoder needs. */
interface Bound {
  readonly kernel: Kernel;
  readonly group: GPUBindGroup;
  readonly dispatch: Dispatch;
  /** Byte offset of the dispatch's uniform. */
  readonly offset: number;
}

/** Offsets of uniform bindings must be multiples of this on every device. */
const UNIFORM_ALIGNMENT = 256;

export class Scheduler {
  readonly gpu: Gpu;
  readonly plan: Plan;
  readonly #buffers: ReadonlyMap<string, GPUBuffer>;
  readonly #bound: ReadonlyMap<Dispatch, Bound>;
  readonly #uniforms: GPUBuffer;
  readonly #values: DataView<ArrayBuffer>;
  readonly #live = new Map<string, number>();

  private constructor(
    gpu: Gpu,
    plan: Plan,
    buffers: ReadonlyMap<string, GPUBuffer>,
    bound: ReadonlyMap<Dispatch, Bound>,
    uniforms: GPUBuffer,
    values: DataView<ArrayBuffer>,
  ) {
    this.gpu = gpu;
    this.plan = plan;
    this.#buffers = buffers;
    this.#bound = bound;
    this.#uniforms = uniforms;
    this.#values = values;
  }

  /**
   * Compiles, allocates, uploads the weights and packs them.
   * @throws InputError where the plan is too large for the device, DeviceError when memory runs out,
   *   WeightsError where the checkpoint does not hold what it says.
   */
  static async create(gpu: Gpu, plan: Plan, model: Model): Promise<Scheduler> {
    const { device } = gpu;
    for (const spec of plan.buffers) checkSize(gpu, plan, spec);
    const dispatches = allDispatches(plan);
    const buffers = new Map<string, GPUBuffer>();
    const values = new DataView(new ArrayBuffer(UNIFORM_ALIGNMENT * dispatches.length));
    let uniforms: GPUBuffer | undefined;
    try {
      const compiled = Promise.all(dispatches.map(({ kernel, overrides }) => gpu.kernel(kernel, overrides)));
      // Awaited after the allocations; a failure in between must not count as unhandled.
      compiled.catch(() => undefined);
      const made = await guarded(device, "allocating", () => {
        for (const spec of plan.buffers)
          buffers.set(spec.name, gpu.buffer(spec.name, spec.bytes, usageOf(spec)));
        return gpu.buffer("uniforms", values.byteLength, GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST);
      });
      uniforms = made;
      for (const { buffer, data } of plan.tables)
        device.queue.writeBuffer(buffers.get(buffer) as GPUBuffer, 0, data);
      await uploadWeights(gpu, plan, model, buffers);
      const kernels = await compiled;
      const bound = await guarded(device, "binding", () => {
        const entries = dispatches.map((dispatch, i): [Dispatch, Bound] => {
          const offset = i * UNIFORM_ALIGNMENT;
          return [dispatch, bind(gpu, dispatch, kernels[i] as Kernel, buffers, made, offset, values)];
        });
        return new Map(entries);
      });
      device.queue.writeBuffer(made, 0, values.buffer);
      const scheduler = new Scheduler(gpu, plan, buffers, bound, made, values);
      await scheduler.#setUp();
      return scheduler;
    } catch (error) {
      for (const buffer of buffers.values()) gpu.free(buffer);
      if (uniforms) gpu.free(uniforms);
      throw error;
    }
  }

  /** Packs the weights, then frees what only that needed. */
  async #setUp(): Promise<void> {
    await guarded(this.gpu.device, "setting up", () => this.submit(this.plan.setup, "set up"));
    const buffers = this.#buffers as Map<string, GPUBuffer>;
    for (const { name, temporary } of this.plan.buffers) {
      const buffer = buffers.get(name);
      if (!temporary || !buffer) continue;
      this.gpu.free(buffer);
      buffers.delete(name);
    }
  }

  /** Bytes of the plan's buffers and the uniforms as allocated. */
  get allocatedBytes(): number {
    let bytes = this.#uniforms.size;
    for (const buffer of this.#buffers.values()) bytes += buffer.size;
    return bytes;
  }

  /** Names of the kernels in use, sorted. */
  get kernels(): string[] {
    const names = [...this.#bound.keys()].map((dispatch) => dispatch.kernel.name);
    return [...new Set(names)].sort();
  }

  buffer(name: string): GPUBuffer {
    const buffer = this.#buffers.get(name);
    if (!buffer) throw new Error(`the plan has no buffer named ${name}`);
    return buffer;
  }

  /** Changes a live value (`lr`, `l2`, `weight:0`, …) from the next submission on; compiles nothing. */
  set(key: string, value: number): void {
    if (this.#live.get(key) === value) return;
    this.#live.set(key, value);
    for (const { dispatch, offset } of this.#bound.values()) {
      for (const [field, live] of Object.entries(dispatch.live)) {
        if (live.key !== key) continue;
        writeUniform(this.#values, offset, dispatch.kernel, { [field]: live.scale * value });
        const size = dispatch.kernel.uniform?.size ?? 0;
        this.gpu.device.queue.writeBuffer(this.#uniforms, offset, this.#values.buffer, offset, size);
      }
    }
  }

  /** Encodes dispatches into a compute pass. */
  encode(pass: GPUComputePassEncoder, dispatches: readonly Dispatch[]): void {
    for (const dispatch of dispatches) {
      const bound = this.#bound.get(dispatch);
      if (!bound) throw new Error(`${dispatch.label} is not part of this plan`);
      pass.setPipeline(bound.kernel.pipeline);
      pass.setBindGroup(0, bound.group);
      pass.dispatchWorkgroups(...dispatch.workgroups);
    }
  }

  /** Submits dispatches as one compute pass; `after` may add copies to the same submission. */
  submit(dispatches: readonly Dispatch[], label: string, after?: (encoder: GPUCommandEncoder) => void): void {
    const encoder = this.gpu.device.createCommandEncoder({ label });
    const pass = encoder.beginComputePass({ label });
    this.encode(pass, dispatches);
    pass.end();
    after?.(encoder);
    this.gpu.device.queue.submit([encoder.finish()]);
  }

  dispose(): void {
    for (const buffer of this.#buffers.values()) this.gpu.free(buffer);
    (this.#buffers as Map<string, GPUBuffer>).clear();
    this.gpu.free(this.#uniforms);
  }
}

/** Every dispatch the plan may run, once: both kinds of iteration, the gradient, and the setting up. */
function allDispatches(plan: Plan): Dispatch[] {
  const iterations = plan.phases.flatMap((phase) => [
    ...phase.forward,
    ...phase.backward,
    ...phase.penalize,
    ...phase.blurGradient,
    ...phase.update,
    ...phase.blur,
    ...phase.clipNorm,
    ...phase.clipContribution,
    ...phase.end,
  ]);
  return [...new Set([...plan.setup, ...iterations, ...plan.gradient])];
}

function bind(
  gpu: Gpu,
  dispatch: Dispatch,
  kernel: Kernel,
  buffers: ReadonlyMap<string, GPUBuffer>,
  uniforms: GPUBuffer,
  offset: number,
  values: DataView,
): Bound {
  const resource = (ref: BufferRef): GPUBufferBinding => {
    const buffer = buffers.get(bufferName(ref));
    if (!buffer) throw new Error(`${dispatch.label}: the plan has no buffer named ${bufferName(ref)}`);
    return typeof ref === "string" ? { buffer } : { buffer, offset: ref.offset, size: ref.size };
  };
  const resources = Object.fromEntries(
    Object.entries(dispatch.buffers).map(([name, ref]) => [name, resource(ref)] as const),
  );
  writeUniform(values, offset, dispatch.kernel, dispatch.uniform);
  const size = dispatch.kernel.uniform?.size;
  const uniform = size === undefined ? undefined : { buffer: uniforms, offset, size };
  return {
    kernel,
    dispatch,
    offset,
    group: bindKernel(gpu.device, kernel, dispatch.label, resources, uniform),
  };
}

function usageOf({ role }: BufferSpec): GPUBufferUsageFlags {
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST;
  const read = ["image", "param", "gradient", "objective", "optimizer", "kept", "activations"].includes(role);
  return read ? usage | GPUBufferUsage.COPY_SRC : usage;
}

function checkSize(gpu: Gpu, plan: Plan, { name, bytes }: BufferSpec): void {
  const { maxStorageBufferBindingSize, maxBufferSize } = gpu.device.limits;
  const limit = Math.min(maxStorageBufferBindingSize, maxBufferSize);
  if (bytes <= limit) return;
  const [height, width] = plan.size;
  if (name.includes(".weight")) {
    throw new DeviceError(`${name} needs ${bytes} bytes; this device binds at most ${limit}`, {
      remedy: "use another device or a narrower network",
    });
  }
  const largest = Math.floor(Math.sqrt((limit / bytes) * height * width * 0.98));
  throw new InputError(
    `${height}×${width} with ${plan.batch} image${plan.batch > 1 ? "s" : ""} is too large for this device: ` +
      `${name} needs ${bytes} bytes, a binding holds ${limit}`,
    { remedy: `sizes up to about ${largest}×${largest} fit` },
  );
}
