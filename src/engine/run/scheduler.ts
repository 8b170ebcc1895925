/**
 * Runs a plan on a device: allocates once, uploads and packs weights, prepares dispatches once, then replays them.
 * Replaying creates no buffer, bind group or pipeline; many iterations are one submission in one compute pass.
 */
import { InputError, ShaderError } from "../../errors.ts";
import { adapterKind } from "../../gpu/adapter.ts";
import { type Gpu, guarded } from "../../gpu/device.ts";
import { Executable } from "../../gpu/executable.ts";
import { neededBuffers, type Sequence } from "../../gpu/program.ts";
import type { Model } from "../../model/network.ts";
import type { Packing } from "../plan/memory.ts";
import type { Plan } from "../plan/plan.ts";
import { expectFits } from "./binding-limit.ts";
import { uploadWeights } from "./upload.ts";

export class Scheduler {
  readonly gpu: Gpu;
  readonly plan: Plan;
  readonly #executable: Executable;
  readonly #model: Model;
  /** Dispatches that may run, their weights packed. */
  readonly #prepared = new Set<number>();
  /** Buffers that hold what they are for: checkpoint tensors, and packed weights. */
  readonly #uploaded = new Set<string>();
  readonly #packed = new Set<string>();
  #disposed = false;
  /** Ends with the newest call of `prepare`. */
  #preparing: Promise<void> = Promise.resolve();

  private constructor(executable: Executable, plan: Plan, model: Model) {
    this.gpu = executable.gpu;
    this.plan = plan;
    this.#executable = executable;
    this.#model = model;
  }

  /**
   * Allocates, and uploads the weights; meanwhile compiles what is needed `first`, without running it. `prepare`
   * compiles the rest, and allocates what only the rest needs.
   * @param begun everything that may run while settings stay as they are
   * @throws InputError where the plan is too large for the device, DeviceError when memory runs out, ShaderError for a
   *   driver's refusal, WeightsError where the checkpoint does not hold what it says.
   */
  static async create(
    gpu: Gpu,
    plan: Plan,
    model: Model,
    begun: Sequence,
    first: Sequence,
  ): Promise<Scheduler> {
    const executable = await Executable.create(gpu, plan);
    const scheduler = new Scheduler(executable, plan, model);
    try {
      const missing = await scheduler.#allocate(begun);
      const bound = scheduler.#bind([...scheduler.#packingFor(first).flatMap(dispatchesOf), ...first]);
      // Of two failures the checkpoint's is told; neither leaves the other at work on buffers that are gone.
      const ended = await Promise.allSettled([scheduler.#upload(missing), bound]);
      for (const end of ended) if (end.status === "rejected") throw end.reason;
      return scheduler;
    } catch (error) {
      scheduler.dispose();
      throw error;
    }
  }

  /** Whether every dispatch of a sequence may be submitted. */
  ready(sequence: Sequence): boolean {
    return sequence.every((place) => this.#prepared.has(place));
  }

  /**
   * Compiles and binds what has not been, and packs the weights that it reads. What only packing needed is freed then.
   * @throws ShaderError for a driver's refusal, DeviceError when memory runs out, InputError once it is disposed
   */
  prepare(sequence: Sequence): Promise<void> {
    const turn = this.#preparing.then(() => this.#prepare(sequence));
    this.#preparing = turn.catch(() => undefined);
    return turn;
  }

  async #prepare(sequence: Sequence): Promise<void> {
    if (this.ready(sequence)) return;
    const packings = this.#packingFor(sequence);
    const pack = packings.flatMap(dispatchesOf);
    await this.#upload(await this.#allocate(sequence));
    await this.#bind([...pack, ...sequence]);
    if (packings.length > 0) {
      await guarded(this.gpu.device, "packing", () => this.submit(pack, "pack"));
      for (const { buffer } of packings) this.#packed.add(buffer);
      this.#freeTemporaries();
    }
    for (const place of sequence) this.#prepared.add(place);
  }

  /** What packs weights that these read and that are not packed yet. */
  #packingFor(sequence: Sequence): Packing[] {
    const read = neededBuffers(this.plan, sequence);
    return this.plan.packings.filter(({ buffer }) => read.has(buffer) && !this.#packed.has(buffer));
  }

  /** Allocates what a sequence and its packing read and write. @returns buffers that wait for a checkpoint's tensors */
  async #allocate(sequence: Sequence): Promise<ReadonlySet<string>> {
    this.#expectAlive();
    const pack = this.#packingFor(sequence).flatMap(dispatchesOf);
    const needed = neededBuffers(this.plan, [...pack, ...sequence]);
    if (this.plan.overflow) needed.add(this.plan.overflow);
    for (const spec of this.plan.buffers) if (needed.has(spec.name)) expectFits(this.gpu, spec, this.plan);
    await this.#executable.allocate(needed);
    const waiting = this.plan.uploads.map(({ buffer }) => buffer).filter((name) => needed.has(name));
    return new Set(waiting.filter((name) => !this.#uploaded.has(name)));
  }

  async #upload(missing: ReadonlySet<string>): Promise<void> {
    const uploads = this.plan.uploads.filter(({ buffer }) => missing.has(buffer));
    await uploadWeights(this.gpu, uploads, this.#model, (name) => this.#executable.buffer(name));
    for (const name of missing) this.#uploaded.add(name);
  }

  async #bind(sequence: Sequence): Promise<void> {
    this.#expectAlive();
    try {
      const added = await this.#executable.prepare(sequence);
      this.#dispatchAhead(added);
    } catch (error) {
      this.#expectAlive();
      throw error;
    }
  }

  /**
   * Mesa's CPU driver makes a kernel's code when it is first dispatched, one after the other: dispatches each without
   * workgroups. Dawn would complain of a count of 0, and finds it in a buffer, which it does not look into; Firefox, which names
   * no adapter, would compile a kernel of its own to look into one.
   */
  #dispatchAhead(sequence: Sequence): void {
    const { adapterInfo } = this.gpu;
    if (sequence.length === 0 || adapterKind(adapterInfo) !== "llvmpipe") return;
    this.#expectAlive();
    const none = adapterInfo?.vendor
      ? this.gpu.buffer("no workgroups", 12, GPUBufferUsage.INDIRECT)
      : undefined;
    this.#executable.submitPass("ahead", (pass) => {
      const entered = new Set<GPUComputePipeline>();
      for (const place of sequence) {
        const { pipeline } = this.#executable.enter(pass, place);
        if (entered.has(pipeline)) continue;
        entered.add(pipeline);
        if (none) pass.dispatchWorkgroupsIndirect(none, 0);
        else pass.dispatchWorkgroups(0);
      }
    });
    if (none) this.gpu.free(none);
  }

  /** Frees checkpoint tensors that packing alone reads, once no packing of what is allocated waits for them. */
  #freeTemporaries(): void {
    const { buffers, packings } = this.plan;
    const waiting = packings.filter(
      ({ buffer }) => this.#executable.buffer(buffer) !== undefined && !this.#packed.has(buffer),
    );
    if (waiting.length > 0) return;
    for (const { name, temporary } of buffers) {
      if (!temporary) continue;
      this.#executable.free(name);
      this.#uploaded.delete(name);
    }
  }

  /** Bytes of the plan's buffers and the uniforms as allocated. */
  get allocatedBytes(): number {
    return this.#executable.allocatedBytes;
  }

  /** Names of the kernels that ran, in the order in which they first did. */
  get kernels(): string[] {
    return this.#executable.kernels;
  }

  /** Whether a buffer is allocated. */
  has(name: string): boolean {
    return this.#executable.buffer(name) !== undefined;
  }

  /** @throws InputError once it is disposed */
  buffer(name: string): GPUBuffer {
    this.#expectAlive();
    const buffer = this.#executable.buffer(name);
    if (!buffer) throw new ShaderError(`nothing that was prepared has a buffer named ${name}`);
    return buffer;
  }

  /** Changes a live value (`lr`, `l2`, `weight:0`, …) from the next submission on; compiles nothing. */
  set(key: string, value: number): void {
    this.#executable.set(key, value);
  }

  /** Encodes dispatches into a compute pass. */
  encode(pass: GPUComputePassEncoder, sequence: Sequence): void {
    this.#executable.encode(pass, sequence);
  }

  /** Submits dispatches as one compute pass; `after` may add copies to the same submission. */
  submit(sequence: Sequence, label: string, after?: (encoder: GPUCommandEncoder) => void): void {
    this.#expectAlive();
    this.#executable.submit(sequence, label, after);
  }

  #expectAlive(): void {
    if (this.#disposed) throw new InputError("this ascent is disposed", { remedy: "make a new one" });
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#executable.dispose();
  }
}

function dispatchesOf({ dispatches }: Packing): Sequence {
  return dispatches;
}
