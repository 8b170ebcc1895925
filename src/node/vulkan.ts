/**
 * Finds a software Vulkan driver on Linux, for machines without a GPU and for tests that must not depend on one. Other
 * systems bring a software adapter of their own.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join, resolve } from "node:path";

export interface VulkanDriver {
  readonly name: "lavapipe" | "SwiftShader";
  /** Path of the driver's ICD manifest, for `VK_DRIVER_FILES`. */
  readonly manifest: string;
  /** Folder with a `libvulkan.so.1`, where the system has none. */
  readonly loaderFolder?: string;
}

const MANIFEST_FOLDERS = ["/etc/vulkan/icd.d", "/usr/local/share/vulkan/icd.d", "/usr/share/vulkan/icd.d"];

/**
 * Mesa 24.0 announces Vulkan 1.3.274; older ones lack the dynamic indexing that Dawn asks for.
 */
const LAVAPIPE_MINIMUM = [1, 3, 274] as const;

/**
 * Drivers found, best first: Mesa's lavapipe from version 24 on, then the SwiftShader that comes with
 * a Chromium.
 *
 * @param chromiums executables of Chromium or Chrome to look beside
 * @param manifests folders of the system's ICD manifests
 */
export function findSoftwareVulkan(
  chromiums: readonly string[] = [],
  manifests: readonly string[] = MANIFEST_FOLDERS,
): VulkanDriver[] {
  if (process.platform !== "linux") return [];
  const lavapipes = manifests
    .flatMap((folder) => (existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : []))
    .filter((path) => /lvp_icd[^/]*\.json$/.test(path) && isRecent(path));
  const folders = chromiums.flatMap((path) => [dirname(path), "/usr/lib/chromium", "/opt/google/chrome"]);
  const swiftShaders = [...new Set(folders)].filter((folder) => existsSync(manifestIn(folder)));
  return [
    ...lavapipes.map((manifest): VulkanDriver => ({ name: "lavapipe", manifest })),
    ...swiftShaders.map(
      (folder): VulkanDriver => ({
        name: "SwiftShader",
        manifest: manifestIn(folder),
        ...(hasLoader() || !existsSync(join(folder, LOADER)) ? {} : { loaderFolder: folder }),
      }),
    ),
  ];
}

/**
 * Has this process use a driver. Call it before Dawn's first instance; the environment of a process of
 * its own wants `driverVariables` instead.
 */
export function useDriver(driver: VulkanDriver): void {
  process.env["VK_DRIVER_FILES"] = driver.manifest;
  if (driver.loaderFolder) keepLoaded(join(driver.loaderFolder, LOADER));
}

/** Environment variables that make a new process use a driver. */
export function driverVariables({ manifest, loaderFolder }: VulkanDriver): Record<string, string> {
  return { VK_DRIVER_FILES: manifest, ...(loaderFolder ? { LD_LIBRARY_PATH: loaderFolder } : {}) };
}

const LOADER = "libvulkan.so.1";

function hasLoader(): boolean {
  const multiarch = readdirSync("/usr/lib").filter((name) => name.endsWith("-linux-gnu"));
  return [
    "/usr/lib64",
    "/usr/lib",
    "/usr/local/lib",
    ...multiarch.map((name) => join("/usr/lib", name)),
  ].some((folder) => existsSync(join(folder, LOADER)));
}

/**
 * Loads a shared library for good, so that a later request for its name finds it. A change of the search path would come
 * too late: it is read when a process starts. `RTLD_NODELETE` (0x1000 on Linux) keeps Node from unloading what is not one
 * of its addons.
 */
function keepLoaded(library: string): void {
  try {
    process.dlopen({ exports: {} }, library, constants.dlopen.RTLD_NOW | 0x1000);
  } catch {
    // Node has loaded it, and says that it is not an addon.
  }
}

function manifestIn(folder: string): string {
  return join(folder, "vk_swiftshader_icd.json");
}

function isRecent(manifest: string): boolean {
  try {
    const { ICD } = JSON.parse(readFileSync(manifest, "utf8")) as {
      ICD: { api_version: string; library_path: string };
    };
    // A path with a folder in it is relative to the manifest. The loader finds a bare name.
    if (ICD.library_path.includes("/") && !existsSync(resolve(dirname(manifest), ICD.library_path)))
      return false;
    const version = ICD.api_version.split(".").map(Number);
    const difference =
      LAVAPIPE_MINIMUM.map((least, i) => (version[i] ?? 0) - least).find((d) => d !== 0) ?? 0;
    return difference >= 0;
  } catch {
    return false;
  }
}

/** True where Linux shows no GPU to render with; other systems always have one for our purposes. */
export function lacksGpu(): boolean {
  if (process.platform !== "linux") return false;
  const folder = "/dev/dri";
  const hasRenderNode = existsSync(folder) && readdirSync(folder).some((name) => name.startsWith("render"));
  return !hasRenderNode && !existsSync("/dev/nvidia0");
}
