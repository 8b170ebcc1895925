/** What each WebGPU stack needs on this machine, or why it cannot be had. */
import { fileURLToPath } from "node:url";
import { type BrowserName, findBrowser, findChromiums } from "../../src/node/find-browser.ts";
import { findSoftwareVulkan, lacksGpu, type VulkanDriver } from "../../src/node/vulkan.ts";

export const STACKS = ["dawn", "chromium", "firefox"] as const;
export type Stack = (typeof STACKS)[number];

export type StackEnvironment =
  | {
      readonly available: true;
      /** The browser; Dawn runs in this process. */
      readonly executable: string | undefined;
      /** Vulkan driver to use; none where `VK_DRIVER_FILES` says which, or there is only a GPU's. */
      readonly driver: VulkanDriver | undefined;
    }
  | { readonly available: false; readonly reason: string };

/** Root of the repository, with a slash at its end. */
export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Stacks to test: all three, or those `ASCENT_STACKS` lists, separated by commas. */
export function wantedStacks(env: NodeJS.ProcessEnv = process.env): readonly Stack[] {
  const listed = env["ASCENT_STACKS"]?.split(",").map((name) => name.trim());
  if (!listed) return STACKS;
  const unknown = listed.find((name) => !STACKS.some((stack) => stack === name));
  if (unknown !== undefined) throw new Error(`ASCENT_STACKS: ${unknown} is none of ${STACKS.join(", ")}`);
  return STACKS.filter((stack) => listed.includes(stack));
}

/** Where a stack is on this machine. Tests run on software adapters, so that results do not depend on it. */
export function stackEnvironment(stack: Stack): StackEnvironment {
  const named = process.env["VK_DRIVER_FILES"];
  const driver = named ? undefined : findSoftwareVulkan(findChromiums())[0];
  if (stack !== "chromium" && !driver && !named && lacksGpu()) {
    return {
      available: false,
      reason: "no GPU and no software Vulkan driver (Mesa 24 or Chromium's SwiftShader)",
    };
  }
  if (stack === "dawn") return { available: true, executable: undefined, driver };
  const executable = findBrowser(stack satisfies BrowserName);
  return executable
    ? { available: true, executable, driver }
    : { available: false, reason: `no ${stack} found; run node test/provision.ts` };
}
