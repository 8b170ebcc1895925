/**
 * Kernels: compute entry points bound by name.
 *
 * The build makes a `KernelSource` of every entry point of a `.wgsl` file (see `src/build/wgsl.ts`). It holds the code,
 * and the names, numbers and layouts of the bindings. A `Kernel` is that source compiled for a device. Nobody writes a
 * binding number or a byte offset by hand.
 */
import { ShaderError } from "../errors.ts";

export type Access = "read" | "read_write";
export type Scalar = "u32" | "i32" | "f32";

export interface UniformField {
  readonly offset: number;
  readonly type: Scalar;
  /** Number of components: 1 for a scalar, 2 to 4 for a vector. */
  readonly length: number;
}

export type UniformValues = Readonly<Record<string, number | readonly number[]>>;

export interface UniformLayout {
  readonly binding: number;
  readonly size: number;
  readonly fields: Readonly<Record<string, UniformField>>;
}

/** Neighbouring lines of one source file: the file's name, the number of the first line, and how many lines. */
export type CodeLines = readonly [file: string, first: number, count: number];

/** `S`: names of the storage bindings; `U`: fields of the uniform struct; `O`: names of the overrides. */
export interface KernelSource<
  S extends string = string,
  U extends UniformValues = UniformValues,
  O extends string = string,
> {
  /** Entry point, pipeline label and name of the CPU twin: `conv3x3_forward`. */
  readonly name: string;
  /** File the entry point stands in, for error messages. */
  readonly file: string;
  /** Without comments: see `src/build/wgsl-text.ts`. */
  readonly code: string;
  /** Which source lines the code is made of, in the order of the code. */
  readonly lines: readonly CodeLines[];
  readonly storage: Readonly<Record<S, { readonly binding: number; readonly access: Access }>>;
  readonly uniform: UniformLayout | undefined;
  /** Never set: carries the type of the uniform struct's fields. */
  readonly fields?: U;
  readonly overrides: readonly O[];
  /** Optional device features the file enables: `shader-f16`, `subgroups`. */
  readonly features: readonly GPUFeatureName[];
}

/** A source compiled for a device, with its bind group layout. */
export interface Kernel {
  readonly source: KernelSource;
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

/** Compiles one kernel; modules are shared between the entry points of a file through `modules`. */
export async function compileKernel(
  device: GPUDevice,
  modules: Map<string, GPUShaderModule>,
  source: KernelSource,
  overrides: Readonly<Record<string, number>>,
): Promise<Kernel> {
  const missing = source.features.filter((feature) => !device.features.has(feature));
  if (missing.length > 0) {
    throw new ShaderError(`${source.name} needs ${missing.join(" and ")}, which this device lacks`, {
      remedy: "choose another variant of this kernel, or another browser or adapter",
    });
  }
  for (const name of Object.keys(overrides)) {
    if (!source.overrides.includes(name)) {
      throw new ShaderError(
        `${source.name}: no override named ${name}; there are: ${source.overrides.join(", ") || "none"}`,
      );
    }
  }
  let module = modules.get(source.code);
  if (!module) {
    module = device.createShaderModule({ label: source.file, code: source.code });
    modules.set(source.code, module);
  }
  const layout = bindGroupLayout(device, source);
  try {
    const pipeline = await device.createComputePipelineAsync({
      label: source.name,
      layout: device.createPipelineLayout({ label: source.name, bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: source.name, constants: { ...overrides } },
    });
    return { source, pipeline, layout };
  } catch (cause) {
    throw await compilationError(source, module, cause);
  }
}

function bindGroupLayout(device: GPUDevice, source: KernelSource): GPUBindGroupLayout {
  const entries: GPUBindGroupLayoutEntry[] = Object.values(source.storage).map(({ binding, access }) => ({
    binding,
    visibility: GPUShaderStage.COMPUTE,
    buffer: { type: access === "read" ? "read-only-storage" : "storage" },
  }));
  if (source.uniform) {
    entries.push({
      binding: source.uniform.binding,
      visibility: GPUShaderStage.COMPUTE,
      buffer: { type: "uniform" },
    });
  }
  return device.createBindGroupLayout({ label: source.name, entries });
}

async function compilationError(source: KernelSource, module: GPUShaderModule, cause: unknown) {
  const { messages } = await module.getCompilationInfo();
  const first = messages.find((message) => message.type === "error");
  const line = first ? source.code.split("\n")[first.lineNum - 1]?.trim() : undefined;
  const why = cause instanceof Error ? cause.message : String(cause);
  const what = first
    ? `${placeOf(source, first.lineNum)}: ${first.message}${line ? ` | ${line}` : ""}`
    : `${source.file}: ${why}`;
  return new ShaderError(`${source.name}: ${what}`, {
    cause,
    remedy: "report this with the adapter's name; another browser or driver may compile it",
  });
}

/** Where a line of the code, counted from 1, stands in the source: `lib/index.wgsl line 14`. */
export function placeOf({ file, lines }: Pick<KernelSource, "file" | "lines">, lineNum: number): string {
  let before = 0;
  for (const [name, first, count] of lines) {
    if (lineNum <= before + count) return `${name} line ${first + lineNum - before - 1}`;
    before += count;
  }
  return file;
}

/** Makes the bind group of a kernel; every name must be given, and no other. */
export function bindKernel(
  device: GPUDevice,
  kernel: Kernel,
  label: string,
  buffers: Readonly<Record<string, GPUBufferBinding>>,
  uniform: GPUBufferBinding | undefined,
): GPUBindGroup {
  const { source } = kernel;
  const extra = Object.keys(buffers).find((name) => !(name in source.storage));
  if (extra) throw new ShaderError(`${source.name}: no binding named ${extra}`);
  const entries = Object.entries(source.storage).map(([name, { binding }]) => {
    const resource = buffers[name];
    if (!resource) throw new ShaderError(`${source.name}: binding ${name} is missing`);
    return { binding, resource };
  });
  if (source.uniform) {
    if (!uniform) throw new ShaderError(`${source.name}: its uniform is missing`);
    entries.push({ binding: source.uniform.binding, resource: uniform });
  }
  return device.createBindGroup({ label, layout: kernel.layout, entries });
}

/** Writes uniform fields by name into `view` at `base`; unnamed fields keep what they hold. */
export function writeUniform(
  view: DataView,
  base: number,
  source: KernelSource,
  values: UniformValues,
): void {
  for (const [name, value] of Object.entries(values)) {
    const field = source.uniform?.fields[name];
    if (!field) throw new ShaderError(`${source.name}: no uniform field named ${name}`);
    const components = typeof value === "number" ? [value] : value;
    if (components.length !== field.length) {
      throw new ShaderError(
        `${source.name}: ${name} takes ${field.length} numbers, got ${components.length}`,
      );
    }
    components.forEach((component, i) => {
      writeScalar(view, base + field.offset + 4 * i, field.type, component);
    });
  }
}

function writeScalar(view: DataView, offset: number, type: Scalar, value: number): void {
  if (type === "f32") view.setFloat32(offset, value, true);
  else if (type === "i32") view.setInt32(offset, Math.round(value), true);
  else view.setUint32(offset, Math.round(value), true);
}
