/**
 * One test case that every WebGPU stack runs, in Node and in browsers alike; so neither this file
 * nor the cases may use anything of Node or of the DOM.
 */

/** Files for a case, read from disk in Node and over HTTP in browsers. */
export interface Assets {
  /**
   * @param path relative to the repository's root; `../shared/data/…` is allowed too; `photo.jpg?96x128` is that
   * picture fitted to height and width, RGB 0–1, float32 (3,H,W)
   */
  read(path: string): Promise<Uint8Array<ArrayBuffer>>;
}

export interface GpuCase {
  readonly name: string;
  /** Files without which the case is skipped, visibly: for what lies in `../shared/data` only. */
  readonly needs?: readonly string[];
  /** Features without which the case is skipped on an adapter, visibly. */
  readonly features?: readonly GPUFeatureName[];
  /** Shown on Dawn alone, visibly skipped elsewhere: long, and made of kernels that every stack proves one by one. */
  readonly once?: boolean;
  /** Milliseconds; 120 seconds where not given. */
  readonly timeout?: number;
  /** Throws where the case fails. Any error the device reports fails it too. */
  run(device: GPUDevice, assets: Assets, gpu: GPU): Promise<void>;
}

/** All `*.cases.ts` under `test`, by path without ending, to be loaded one by one. */
export const caseFiles: Readonly<Record<string, () => Promise<readonly GpuCase[]>>> = Object.fromEntries(
  Object.entries(import.meta.glob<readonly GpuCase[]>("../**/*.cases.ts", { import: "cases" })).map(
    ([path, load]) => [path.replace("../", "").replace(".cases.ts", ""), load],
  ),
);

const FILTERS = ["validation", "out-of-memory", "internal"] as const;

/** A case ran to its end, or was skipped for what is missing. */
export type CaseResult = { readonly skipped?: string };

/** The device that cases share, so that each kernel is compiled once; a case that fails leaves the next a new one. */
const devices = new WeakMap<GPU, Promise<GPUDevice>>();

/**
 * Runs one case on a device that has every feature and the highest limits of its adapter.
 *
 * @throws what the case throws, or an Error with every error the device reported
 */
export async function runCase(gpu: GPU, gpuCase: GpuCase, assets: Assets): Promise<CaseResult> {
  const shared = devices.get(gpu) ?? requestWholeDevice(gpu);
  devices.set(gpu, shared);
  try {
    return await runOn(await shared, gpu, gpuCase, assets);
  } catch (error) {
    devices.delete(gpu);
    shared.then((device) => device.destroy()).catch(() => undefined);
    throw error;
  }
}

async function runOn(device: GPUDevice, gpu: GPU, gpuCase: GpuCase, assets: Assets): Promise<CaseResult> {
  const { features = [], run } = gpuCase;
  const missing = features.filter((feature) => !device.features.has(feature));
  if (missing.length > 0) return { skipped: `the adapter lacks ${missing.join(", ")}` };
  const reported: string[] = [];
  const report = ({ error }: GPUUncapturedErrorEvent) => void reported.push(error.message);
  device.addEventListener("uncapturederror", report);
  let lost = "";
  device.lost.then(({ reason, message }) => {
    lost = `device lost (${reason}): ${message}`;
  });
  for (const filter of FILTERS) device.pushErrorScope(filter);
  let failure: unknown;
  try {
    await run(device, assets, gpu);
  } catch (error) {
    failure = error;
  }
  for (const filter of FILTERS.toReversed()) {
    const error = await device.popErrorScope().catch(() => null);
    if (error) reported.push(`${filter}: ${error.message}`);
  }
  device.removeEventListener("uncapturederror", report);
  if (lost) reported.push(lost);
  if (failure && reported.length === 0) throw failure;
  if (reported.length > 0) {
    const thrown = failure === undefined ? "" : `\nthen thrown: ${describeFailure(failure)}`;
    throw new Error(`the device reported:\n${reported.join("\n")}${thrown}`);
  }
  return {};
}

/** Message and stack: Chromium's stack begins with the message, Firefox's is without it. */
export function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const stack = error.stack ?? "";
  return stack.includes(error.message) ? stack : `${error.name}: ${error.message}\n${stack}`;
}

async function requestWholeDevice(gpu: GPU): Promise<GPUDevice> {
  const adapter = await gpu.requestAdapter();
  if (!adapter) throw new Error("requestAdapter() found no adapter");
  const limits = adapter.limits as unknown as Record<string, number | undefined>;
  const names = Object.getOwnPropertyNames(Object.getPrototypeOf(adapter.limits) as object);
  const requiredLimits = Object.fromEntries(
    names.flatMap((name) => (typeof limits[name] === "number" ? [[name, limits[name]]] : [])),
  );
  const requiredFeatures = [...adapter.features] as GPUFeatureName[];
  return adapter.requestDevice({ label: "test", requiredFeatures, requiredLimits });
}
