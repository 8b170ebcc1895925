/** Which software drivers are found on Linux, and how a process is told of one. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { driverVariables, findSoftwareVulkan } from "../../src/node/vulkan.ts";

const folder = mkdtempSync(join(tmpdir(), "ascent-vulkan-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Makes a folder with a manifest of lavapipe. @returns the folder */
function lavapipe(name: string, version: string, library = "libvulkan_lvp.so"): string {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  const manifest = { ICD: { api_version: version, library_path: library } };
  writeFileSync(join(path, "lvp_icd.x86_64.json"), JSON.stringify(manifest));
  return path;
}

const found = (...manifests: string[]) =>
  findSoftwareVulkan([], manifests).filter(({ name }) => name === "lavapipe");

describe.skipIf(process.platform !== "linux")("software drivers", () => {
  it.each([
    ["1.3.273", 0],
    ["1.3.274", 1],
    ["1.4.1", 1],
    ["1.2.999", 0],
    ["2.0", 1],
    ["1.3", 0],
  ])("of Vulkan %s: %i", (version, count) => {
    expect(found(lavapipe(version, version))).toHaveLength(count);
  });

  it("are none where the manifest is damaged, or its library missing", () => {
    expect(found(join(folder, "no such folder"))).toEqual([]);
    expect(found(lavapipe("missing", "1.4.0", "../lib/missing.so"))).toEqual([]);
    const near = lavapipe("near", "1.4.0", "./driver.so");
    writeFileSync(join(near, "driver.so"), "");
    expect(found(near)).toHaveLength(1);
    writeFileSync(join(near, "lvp_icd.x86_64.json"), "{");
    expect(found(near)).toEqual([]);
  });

  it("are lavapipe's first, then those beside a Chromium", () => {
    const chromium = join(folder, "chromium");
    mkdirSync(chromium);
    const manifest = join(chromium, "vk_swiftshader_icd.json");
    writeFileSync(manifest, "{}");
    const drivers = findSoftwareVulkan(
      [join(chromium, "chrome"), join(chromium, "other")],
      [lavapipe("first", "1.4.0")],
    );
    expect(drivers[0]?.name).toBe("lavapipe");
    expect(drivers.filter((driver) => driver.manifest === manifest)).toHaveLength(1);
    expect(drivers.slice(1).every(({ name }) => name === "SwiftShader")).toBe(true);
  });
});

it("a process is told of a driver by its manifest, and of the loader where the system has none", () => {
  const driver = { name: "SwiftShader", manifest: "/a/icd.json" } as const;
  expect(driverVariables(driver)).toEqual({ VK_DRIVER_FILES: "/a/icd.json" });
  expect(driverVariables({ ...driver, loaderFolder: "/a" })).toEqual({
    VK_DRIVER_FILES: "/a/icd.json",
    LD_LIBRARY_PATH: "/a",
  });
});
