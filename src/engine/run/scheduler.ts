/**
 * Runs a plan on a device: allocates once, prepares dispatches once, then replays them. Replaying creates no buffer,
 * bind group or pipeline; many iterations are one submission in one compute pass.
 */
import { DeviceError, InputError } from "../../errors.ts";
import { adapterKind } from "../../gpu/adapter.ts";
import { type Gpu, guarded } from "../../gpu/device.ts";
import { type BufferRef, bufferName, type Dispatch } from "../../gpu/dispatch.ts";
import { bindKernel, type Kernel, writeUniform } from "../../gpu/kernel.ts";
import type { Model } from "../../model/network.ts";
import type { BufferSpec, Packing } from "../plan/memory.ts";
import { allDispatches, type Plan } from "../plan/plan.ts";
import { uploadWeights } from "./upload.ts";

/** What the encoder needs of a dispatch. */
interface Bound {
  readonly kernel: Kernel;
  readonly group: GPUBindGroup;
}

/** Offsets of uniform bindings must be multiples of this on every device. */
const UNIFORM_ALIGNMENT = 256;

export class Scheduler {
  readonly gpu: Gpu;
  readonly plan: Plan;
  readonly #buffers: Map<string, GPUBuffer>;
  readonly #uniforms: GPUBuffer;
  readonly #values: DataView<ArrayBuffer>;
  /** Byte offset of every dispatch's uniform. */
  readonly #offsets: ReadonlyMap<Dispatch, number>;
  readonly #live = new Map<string, number>();
  readonly #bound = new Map<Dispatch, Bound>();
  readonly #ran = new Set<string>();
  #disposed = false;
  /** Packing that nothing prepared so far has needed. */
  #unpacked: readonly Packing[];
  /** Ends with the newest call of `prepare`. */
  #preparing: Promise<void> = Promise.resolve();

  private constructor(
    gpu: Gpu,
    plan: Plan,
    all: readonly Dispatch[],
    buffers: Map<string, GPUBuffer>,
    uniforms: GPUBuffer,
  ) {
    this.gpu = gpu;
    this.plan = plan;
    this.#buffers = buffers;
    this.#uniforms = uniforms;
    this.#unpacked = plan.setup;
    this.#values = new DataView(new ArrayBuffer(uniforms.size));
    this.#offsets = new Map(all.map((dispatch, i) => [dispatch, i * UNIFORM_ALIGNMENT]));
    for (const [{ kernel, uniform }, offset] of this.#offsets) {
      writeUniform(this.#values, offset, kernel, uniform);
    }
    gpu.device.queue.writeBuffer(uniforms, 0, this.#values.buffer);
  }

  /**
   * Allocates, and uploads the weights; meanwhile compiles what is needed `first`, without running it. `prepare`
   * compiles the rest.
   * @throws InputError where the plan is too large for the device, DeviceError when memory runs out, ShaderError for a
   *   driver's refusal, WeightsError where the checkpoint does not hold what it says.
   */
  static async create(
    gpu: Gpu,
    plan: Plan,
    model: Model,
    first: readonly Dispatch[] = [],
  ): Promise<Scheduler> {
    const { device } = gpu;
    for (const spec of plan.buffers) checkSize(gpu, plan, spec);
    const all = allDispatches(plan);
    const buffers = new Map<string, GPUBuffer>();
    const made: GPUBuffer[] = [];
    const make = (...[label, bytes, usage]: Parameters<Gpu["buffer"]>) => {
      const buffer = gpu.buffer(label, bytes, usage);
      made.push(buffer);
      return buffer;
    };
    try {
      const uniforms = await guarded(device, "allocating", () => {
        for (const spec of plan.buffers) buffers.set(spec.name, make(spec.name, spec.bytes, usageOf(spec)));
        const bytes = UNIFORM_ALIGNMENT * all.length;
        return make("uniforms", bytes, GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST);
      });
      for (const { buffer, data } of plan.tables)
        device.queue.writeBuffer(buffers.get(buffer) as GPUBuffer, 0, data);
      const scheduler = new Scheduler(gpu, plan, all, buffers, uniforms);
      const packing = scheduler.#packingFor(first).flatMap((one) => one.dispatches);
      const bound = scheduler.#bindAll([...packing, ...first]);
      // Of two failures the checkpoint's is told; neither leaves the other at work on buffers that are gone.
      const ended = await Promise.allSettled([uploadWeights(gpu, plan, model, buffers), bound]);
      for (const end of ended) if (end.status === "rejected") throw end.reason;
      return scheduler;
    } catch (error) {
      for (const buffer of made) gpu.free(buffer);
      throw error;
    }
  }

  /** Whether every dispatch of the plan is prepared. */
  get prepared(): boolean {
    return this.#bound.size === this.#offsets.size && this.#unpacked.length === 0;
  }

  /**
   * Compiles and binds what has not been, and packs the weights that it reads. What only packing needed is freed
   * when everything is packed.
   * @throws ShaderError for a driver's refusal, DeviceError when memory runs out
   */
  prepare(dispatches: readonly Dispatch[]): Promise<void> {
    const turn = this.#preparing.then(() => this.#prepare(dispatches));
    this.#preparing = turn.catch(() => undefined);
    return turn;
  }

  /** Prepares every dispatch of the plan. */
  prepareAll(): Promise<void> {
    return this.prepare([...this.#offsets.keys()]);
  }

  async #prepare(dispatches: readonly Dispatch[]): Promise<void> {
    const packing = this.#packingFor(dispatches);
    const pack = packing.flatMap((one) => one.dispatches);
    await this.#bindAll([...pack, ...dispatches]);
    if (packing.length === 0) return;
    this.#unpacked = this.#unpacked.filter((one) => !packing.includes(one));
    await guarded(this.gpu.device, "packing", () => this.submit(pack, "pack"));
    if (this.#unpacked.length === 0) this.#freeTemporaries();
  }

  /** What packs weights that these read and that are not packed yet. */
  #packingFor(dispatches: readonly Dispatch[]): Packing[] {
    const read = new Set(dispatches.flatMap(({ buffers }) => Object.values(buffers).map(bufferName)));
    return this.#unpacked.filter(({ buffer }) => read.has(buffer));
  }

  async #bindAll(dispatches: readonly Dispatch[]): Promise<void> {
    const added = [...new Set(dispatches.filter((dispatch) => !this.#bound.has(dispatch)))];
    if (added.length === 0) return;
    const kernels = await Promise.all(
      added.map(({ kernel, overrides }) => this.gpu.kernel(kernel, overrides)),
    );
    await guarded(this.gpu.device, "binding", () => {
      for (const [i, dispatch] of added.entries())
        this.#bound.set(dispatch, this.#bind(dispatch, kernels[i] as Kernel));
    });
    this.#dispatchAhead(added);
  }

  /**
   * Mesa's CPU driver makes a kernel's code when it is first dispatched, one after the other: dispatches each without
   * workgroups. Dawn would complain of a count of 0, and finds it in a buffer, which it does not look into; Firefox, which names
   * no adapter, would compile a kernel of its own to look into one.
   */
  #dispatchAhead(dispatches: readonly Dispatch[]): void {
    const { adapterInfo } = this.gpu;
    if (adapterKind(adapterInfo) !== "llvmpipe") return;
    const none = adapterInfo?.vendor
      ? this.gpu.buffer("no workgroups", 12, GPUBufferUsage.INDIRECT)
      : undefined;
    const once = new Map(dispatches.map((dispatch) => [this.#bound.get(dispatch)?.kernel, dispatch]));
    this.#submitPass("ahead", (pass) => {
      for (const dispatch of once.values()) {
        this.#enter(pass, dispatch);
        if (none) pass.dispatchWorkgroupsIndirect(none, 0);
        else pass.dispatchWorkgroups(0);
      }
    });
    if (none) this.gpu.free(none);
  }

  #bind(dispatch: Dispatch, kernel: Kernel): Bound {
    const resource = (ref: BufferRef): GPUBufferBinding => {
      const buffer = this.buffer(bufferName(ref));
      return typeof ref === "string" ? { buffer } : { buffer, offset: ref.offset, size: ref.size };
    };
    const resources = Object.fromEntries(
      Object.entries(dispatch.buffers).map(([name, ref]) => [name, resource(ref)] as const),
    );
    const size = dispatch.kernel.uniform?.size;
    const uniform = size === undefined ? undefined : this.#uniformOf(dispatch, size);
    return { kernel, group: bindKernel(this.gpu.device, kernel, dispatch.label, resources, uniform) };
  }

  #uniformOf(dispatch: Dispatch, size: number): GPUBufferBinding {
    const offset = this.#offsets.get(dispatch);
    if (offset === undefined) throw new Error(`${dispatch.label} is not part of this plan`);
    return { buffer: this.#uniforms, offset, size };
  }

  #freeTemporaries(): void {
    for (const { name, temporary } of this.plan.buffers) {
      const buffer = this.#buffers.get(name);
      if (!temporary || !buffer) continue;
      this.gpu.free(buffer);
      this.#buffers.delete(name);
    }
  }

  /** Bytes of the plan's buffers and the uniforms as allocated. */
  get allocatedBytes(): number {
    let bytes = this.#uniforms.size;
    for (const buffer of this.#buffers.values()) bytes += buffer.size;
    return bytes;
  }

  /** Names of the kernels that ran, in the order in which they first did. */
  get kernels(): string[] {
    return [...this.#ran];
  }

  /** @throws InputError once it is disposed */
  buffer(name: string): GPUBuffer {
    this.#expectAlive();
    const buffer = this.#buffers.get(name);
    if (!buffer) throw new Error(`the plan has no buffer named ${name}`);
    return buffer;
  }

  /** Changes a live value (`lr`, `l2`, `weight:0`, …) from the next submission on; compiles nothing. */
  set(key: string, value: number): void {
    if (this.#live.get(key) === value) return;
    this.#live.set(key, value);
    for (const [dispatch, offset] of this.#offsets) {
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
      this.#enter(pass, dispatch);
      this.#ran.add(dispatch.kernel.name);
      pass.dispatchWorkgroups(...dispatch.workgroups);
    }
  }

  #enter(pass: GPUComputePassEncoder, dispatch: Dispatch): void {
    const bound = this.#bound.get(dispatch);
    if (!bound) throw new Error(`${dispatch.label} was not prepared`);
    pass.setPipeline(bound.kernel.pipeline);
    pass.setBindGroup(0, bound.group);
  }

  /** Submits dispatches as one compute pass; `after` may add copies to the same submission. */
  submit(dispatches: readonly Dispatch[], label: string, after?: (encoder: GPUCommandEncoder) => void): void {
    this.#submitPass(label, (pass) => this.encode(pass, dispatches), after);
  }

  #submitPass(
    label: string,
    encode: (pass: GPUComputePassEncoder) => void,
    after?: (encoder: GPUCommandEncoder) => void,
  ): void {
    this.#expectAlive();
    const encoder = this.gpu.device.createCommandEncoder({ label });
    const pass = encoder.beginComputePass({ label });
    encode(pass);
    pass.end();
    after?.(encoder);
    this.gpu.device.queue.submit([encoder.finish()]);
  }

  #expectAlive(): void {
    if (this.#disposed) throw new InputError("this ascent is disposed", { remedy: "make a new one" });
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const buffer of this.#buffers.values()) this.gpu.free(buffer);
    this.#buffers.clear();
    this.gpu.free(this.#uniforms);
  }
}

function usageOf({ role }: BufferSpec): GPUBufferUsageFlags {
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST;
  const read = [
    "image",
    "param",
    "gradient",
    "objective",
    "overflow",
    "optimizer",
    "kept",
    "activations",
  ].includes(role);
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
