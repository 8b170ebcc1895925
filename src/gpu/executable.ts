/**
 * A program on a device. Everything that runs dispatches runs them by this: it allocates buffers and writes tables,
 * compiles kernels, keeps the uniforms, makes bind groups, and encodes. Encoding creates nothing.
 */
import { ShaderError } from "../errors.ts";
import { type Gpu, guarded } from "./device.ts";
import { type BufferRef, bufferName, buffersOf, type Dispatch } from "./dispatch.ts";
import { bindKernel, type Kernel, type KernelSource, writeUniform } from "./kernel.ts";
import type { BufferSpec, Program, Sequence } from "./program.ts";

/** What the encoder needs of a dispatch. */
interface Bound {
  readonly name: string;
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  readonly workgroups: readonly [x: number, y: number, z: number];
}

/** Offsets of uniform bindings must be multiples of this on every device. */
const UNIFORM_ALIGNMENT = 256;

export class Executable {
  readonly gpu: Gpu;
  readonly program: Program;
  readonly #specs: ReadonlyMap<string, BufferSpec>;
  readonly #given: ReadonlyMap<string, GPUBuffer>;
  readonly #buffers = new Map<string, GPUBuffer>();
  /** One uniform a dispatch, in the order of the program. */
  readonly #uniforms: GPUBuffer;
  readonly #values: DataView<ArrayBuffer>;
  readonly #live = new Map<string, number>();
  /** By place in the program. */
  readonly #bound: (Bound | undefined)[] = [];
  readonly #ran = new Set<string>();

  private constructor(gpu: Gpu, program: Program, given: ReadonlyMap<string, GPUBuffer>) {
    this.gpu = gpu;
    this.program = program;
    this.#given = given;
    this.#specs = new Map(program.buffers.map((spec) => [spec.name, spec]));
    const bytes = UNIFORM_ALIGNMENT * program.dispatches.length;
    this.#uniforms = gpu.buffer("uniforms", bytes, GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST);
    this.#values = new DataView(new ArrayBuffer(this.#uniforms.size));
    for (const [place, { kernel, uniform }] of program.dispatches.entries())
      writeUniform(this.#values, UNIFORM_ALIGNMENT * place, this.#source(kernel), uniform);
    gpu.device.queue.writeBuffer(this.#uniforms, 0, this.#values.buffer);
  }

  /**
   * Allocates the uniforms alone; `allocate` and `prepare` do the rest.
   * @param given buffers that stay the caller's, by name; the program need not describe them
   */
  static create(
    gpu: Gpu,
    program: Program,
    given: ReadonlyMap<string, GPUBuffer> = new Map(),
  ): Promise<Executable> {
    return guarded(gpu.device, "allocating", () => new Executable(gpu, program, given));
  }

  /**
   * Allocates those of the named buffers that are not there, and writes their tables.
   * @throws DeviceError when memory runs out
   */
  async allocate(names: Iterable<string>): Promise<void> {
    const added = [...new Set(names)].filter((name) => !this.#given.has(name) && !this.#buffers.has(name));
    if (added.length === 0) return;
    await guarded(this.gpu.device, "allocating", () => {
      for (const name of added) this.#allocate(name);
    });
  }

  #allocate(name: string): void {
    const spec = this.#specs.get(name);
    if (!spec) throw new ShaderError(`the program has no buffer named ${name}`);
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
    const buffer = this.gpu.buffer(name, spec.bytes, usage);
    this.#buffers.set(name, buffer);
    for (const { buffer: table, data } of this.program.tables)
      if (table === name) this.gpu.device.queue.writeBuffer(buffer, 0, new Float32Array(data));
  }

  /** Frees a buffer, until something that reads it is prepared. */
  free(name: string): void {
    const buffer = this.#buffers.get(name);
    if (buffer) this.gpu.free(buffer);
    this.#buffers.delete(name);
  }

  /**
   * Compiles and binds dispatches, and allocates what they read and write. What is prepared already costs nothing.
   * @returns the dispatches that were not prepared before
   * @throws ShaderError where a driver refuses a kernel, DeviceError when memory runs out
   */
  async prepare(sequence: Sequence): Promise<Sequence> {
    const added = [...new Set(sequence)].filter((place) => this.#bound[place] === undefined);
    if (added.length === 0) return added;
    const dispatches = added.map((place) => this.#dispatch(place));
    await this.allocate(dispatches.flatMap(buffersOf));
    const kernels = await Promise.all(
      dispatches.map(({ kernel, overrides }) => this.gpu.kernel(this.#source(kernel), overrides)),
    );
    await guarded(this.gpu.device, "binding", () => {
      for (const [i, place] of added.entries()) this.#bound[place] = this.#bind(place, kernels[i] as Kernel);
    });
    return added;
  }

  #bind(place: number, kernel: Kernel): Bound {
    const { label, buffers, workgroups } = this.#dispatch(place);
    const resources = Object.fromEntries(
      Object.entries(buffers).map(([name, ref]) => [name, this.#resource(label, ref)] as const),
    );
    const size = kernel.source.uniform?.size;
    const offset = UNIFORM_ALIGNMENT * place;
    const uniform = size === undefined ? undefined : { buffer: this.#uniforms, offset, size };
    const group = bindKernel(this.gpu.device, kernel, label, resources, uniform);
    return { name: kernel.source.name, pipeline: kernel.pipeline, group, workgroups };
  }

  #resource(label: string, ref: BufferRef): GPUBufferBinding {
    const buffer = this.buffer(bufferName(ref));
    if (!buffer) throw new ShaderError(`${label}: there is no buffer named ${bufferName(ref)}`);
    return typeof ref === "string" ? { buffer } : { buffer, offset: ref.offset, size: ref.size };
  }

  #dispatch(place: number): Dispatch<string> {
    const dispatch = this.program.dispatches[place];
    if (!dispatch) throw new ShaderError(`the program has no dispatch ${place}`);
    return dispatch;
  }

  #source(name: string): KernelSource {
    const source = this.program.kernels[name];
    if (!source) throw new ShaderError(`the program has no kernel named ${name}`);
    return source;
  }

  /** The buffer of that name, where it is given or allocated. */
  buffer(name: string): GPUBuffer | undefined {
    return this.#given.get(name) ?? this.#buffers.get(name);
  }

  /** Bytes of the buffers allocated here and of the uniforms. */
  get allocatedBytes(): number {
    let bytes = this.#uniforms.size;
    for (const buffer of this.#buffers.values()) bytes += buffer.size;
    return bytes;
  }

  /** Names of the kernels that ran, in the order in which they first did. */
  get kernels(): string[] {
    return [...this.#ran];
  }

  /** Changes a live value (`lr`, `l2`, `weight:0`, …) from the next submission on. */
  set(key: string, value: number): void {
    if (this.#live.get(key) === value) return;
    this.#live.set(key, value);
    for (const [place, { kernel, live }] of this.program.dispatches.entries()) {
      const fields = Object.entries(live).filter(([, multiple]) => multiple.key === key);
      if (fields.length === 0) continue;
      const source = this.#source(kernel);
      const offset = UNIFORM_ALIGNMENT * place;
      const values = Object.fromEntries(fields.map(([field, { scale }]) => [field, scale * value]));
      writeUniform(this.#values, offset, source, values);
      const size = source.uniform?.size ?? 0;
      this.gpu.device.queue.writeBuffer(this.#uniforms, offset, this.#values.buffer, offset, size);
    }
  }

  /** Encodes prepared dispatches into a compute pass. */
  encode(pass: GPUComputePassEncoder, sequence: Sequence): void {
    for (const place of sequence) {
      const { name, workgroups } = this.enter(pass, place);
      this.#ran.add(name);
      pass.dispatchWorkgroups(...workgroups);
    }
  }

  /** Sets the pipeline and bind group of a dispatch, without dispatching it. */
  enter(pass: GPUComputePassEncoder, place: number): Bound {
    const bound = this.#bound[place];
    if (!bound) throw new ShaderError(`${this.#dispatch(place).label} was not prepared`);
    pass.setPipeline(bound.pipeline);
    pass.setBindGroup(0, bound.group);
    return bound;
  }

  /** Submits prepared dispatches as one compute pass; `after` may add copies to the same submission. */
  submit(sequence: Sequence, label: string, after?: (encoder: GPUCommandEncoder) => void): void {
    this.submitPass(label, (pass) => this.encode(pass, sequence), after);
  }

  /** Submits one compute pass. */
  submitPass(
    label: string,
    encode: (pass: GPUComputePassEncoder) => void,
    after?: (encoder: GPUCommandEncoder) => void,
  ): void {
    const encoder = this.gpu.device.createCommandEncoder({ label });
    const pass = encoder.beginComputePass({ label });
    encode(pass);
    pass.end();
    after?.(encoder);
    this.gpu.device.queue.submit([encoder.finish()]);
  }

  /** Frees what was allocated here, and nothing that was given. */
  dispose(): void {
    for (const name of [...this.#buffers.keys()]) this.free(name);
    this.gpu.free(this.#uniforms);
  }
}
