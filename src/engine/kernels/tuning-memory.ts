/** What tuning has measured, remembered by adapter, kernel sources and shape in a storage that is handed in. */
import type { Gpu } from "../../gpu/device.ts";
import type { Dispatch } from "../../gpu/dispatch.ts";
import { parseBounded } from "../../model/bounded-json.ts";
import { type ConvVariantName, convVariantNames } from "../../nn/conv3x3.ts";

/** A place for small texts by key: a browser's storage, or a file. */
export interface TuningStorage {
  read(key: string): Promise<string | undefined>;
  write(key: string, text: string): Promise<void>;
}

/** Milliseconds a row of output of each variant measured so far, for one shape. */
export type ShapeTimes = Readonly<Partial<Record<ConvVariantName, Timing>>>;

export interface Timing {
  readonly milliseconds: number;
  /** Of the kernels measured: times of other sources are not theirs. */
  readonly sources: string;
}

/** By `shapeKey`. */
export type TuningRecord = Readonly<Record<string, ShapeTimes>>;

/** Firefox names no adapter, so its limits and features stand in for the name. */
export function adapterKey({ adapterName, device }: Gpu): string {
  const { maxStorageBufferBindingSize, maxComputeWorkgroupStorageSize } = device.limits;
  const features = [...device.features].sort().join(" ");
  const print = hash(`${features} ${maxStorageBufferBindingSize} ${maxComputeWorkgroupStorageSize}`);
  return `webgpu-ascent kernels: ${adapterName} ${print}`;
}

/** Fingerprints of the code of kernels, each file's computed once. */
export function fingerprints(): (dispatches: readonly Dispatch[]) => string {
  const known = new Map<string, string>();
  const fingerprint = (code: string) => {
    const value = known.get(code) ?? hash(code);
    known.set(code, value);
    return value;
  };
  return (dispatches) =>
    [...new Set(dispatches.map(({ kernel }) => fingerprint(kernel.code)))].sort().join(" ");
}

/** FNV-1a, 32 bits. */
function hash(text: string): string {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return (value >>> 0).toString(16).padStart(8, "0");
}

/** What is remembered of this adapter; nothing where that cannot be read or is damaged. */
export async function recall(gpu: Gpu, storage: TuningStorage): Promise<TuningRecord> {
  try {
    return checked(parseBounded((await storage.read(adapterKey(gpu))) ?? "{}"));
  } catch {
    return {};
  }
}

export async function remember(gpu: Gpu, storage: TuningStorage, record: TuningRecord): Promise<void> {
  await storage.write(adapterKey(gpu), JSON.stringify(record));
}

/** Keeps what has the form of a record; anybody may have written to the storage. */
function checked(value: unknown): TuningRecord {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).map(([shape, times]) => [shape, checkedTimes(times as unknown)]),
  );
}

function checkedTimes(value: unknown): ShapeTimes {
  if (typeof value !== "object" || value === null) return {};
  const times: Partial<Record<ConvVariantName, Timing>> = {};
  for (const variant of convVariantNames) {
    const timing = (value as Record<string, unknown>)[variant] as Partial<Timing> | null | undefined;
    const { milliseconds, sources } = timing ?? {};
    if (typeof milliseconds === "number" && milliseconds >= 0 && typeof sources === "string") {
      times[variant] = { milliseconds, sources };
    }
  }
  return times;
}
