/**
 * Starts Chromium or Firefox with WebGPU switched on: for the command line's `--runtime chromium|firefox`, and for every
 * test that opens a page.
 */

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "puppeteer";
import { DeviceError } from "../errors.ts";
import { guardBrowser } from "./browser-guard.ts";
import { type BrowserName, findBrowser, findChromiums, OVERRIDES } from "./find-browser.ts";
import { driverVariables, findSoftwareVulkan, lacksGpu } from "./vulkan.ts";

export interface LaunchOptions {
  /** Further command-line switches. One of the same name replaces ours. */
  readonly flags?: readonly string[];
  /** Switches of ours to leave out, by name: `--enable-unsafe-webgpu`. */
  readonly withoutFlags?: readonly string[];
  /** Further Firefox preferences. */
  readonly prefs?: Readonly<Record<string, boolean | number | string>>;
  /** By default hardware where the machine shows a GPU, else software. */
  readonly adapter?: "software" | "hardware";
}

/**
 * Chromium's switches. On a machine without a GPU there is no adapter without SwiftShader's, and a WebGPU canvas is blank
 * in screenshots. On Linux a GPU needs the feature `Vulkan` too. Most containers forbid the sandbox; it is off because
 * only pages of this project are opened.
 */
function chromiumFlags(software: boolean): string[] {
  const always = [
    "--no-sandbox",
    "--enable-unsafe-webgpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ];
  if (!software) return process.platform === "linux" ? [...always, "--enable-features=Vulkan"] : always;
  return [
    ...always,
    "--enable-features=Vulkan",
    "--use-vulkan=swiftshader",
    "--use-angle=swiftshader",
    "--use-webgpu-adapter=swiftshader",
  ];
}

const FIREFOX_PREFS = {
  "dom.webgpu.enabled": true,
  "dom.webgpu.workers.enabled": true,
  "gfx.webgpu.ignore-blocklist": true,
} as const;

/**
 * Starts a headless browser with a home folder of its own. The folder goes when the browser goes, and both go when this
 * process ends, however it ends.
 *
 * @throws DeviceError where puppeteer or the browser is missing, or the browser does not start
 */
export async function launchBrowser(name: BrowserName, options: LaunchOptions = {}): Promise<Browser> {
  const executablePath = findBrowser(name);
  if (!executablePath) {
    throw new DeviceError(`no ${name === "chromium" ? "Chromium, Chrome or Edge" : "Firefox"} found`, {
      remedy: `install one, or name its executable in ${OVERRIDES[name]}`,
    });
  }
  const puppeteer = await importPuppeteer();
  const software = options.adapter ? options.adapter === "software" : lacksGpu();
  const home = mkdtempSync(join(tmpdir(), `ascent-${name}-`));
  const guard = guardBrowser(home);
  try {
    const browser = await puppeteer.launch({
      executablePath,
      headless: true,
      userDataDir: join(home, "profile"),
      env: browserEnvironment(home, software),
      // Long shader compilations and whole test cases run inside one protocol call.
      protocolTimeout: 600_000,
      timeout: 120_000,
      // Its answers to these are to close the browser and go on.
      handleSIGTERM: false,
      handleSIGHUP: false,
      ...ownOptions(name, software, options),
    });
    browser.process()?.once("exit", () => {
      removeHome(home);
      guard.dismiss();
    });
    return browser;
  } catch (cause) {
    removeHome(home);
    guard.dismiss();
    const reason = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
    throw new DeviceError(`${executablePath} does not start: ${reason}`, { cause });
  }
}

function ownOptions(name: BrowserName, software: boolean, options: LaunchOptions) {
  // Over a pipe Chromium ends with its parent, however that ends.
  if (name === "chromium") return { pipe: true, args: mergeFlags(chromiumFlags(software), options) };
  return {
    browser: "firefox" as const,
    args: [...(options.flags ?? [])],
    extraPrefsFirefox: { ...FIREFOX_PREFS, ...options.prefs },
  };
}

function removeHome(home: string): void {
  rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}

async function importPuppeteer() {
  try {
    return (await import("puppeteer")).default;
  } catch (cause) {
    throw new DeviceError("the package puppeteer is not installed", {
      remedy: "npm install puppeteer",
      cause,
    });
  }
}

function mergeFlags(ours: readonly string[], { flags = [], withoutFlags = [] }: LaunchOptions): string[] {
  const nameOf = (flag: string) => flag.split("=")[0];
  const replaced = new Set([...flags.map(nameOf), ...withoutFlags]);
  return [...ours.filter((flag) => !replaced.has(nameOf(flag))), ...flags];
}

function browserEnvironment(home: string, software: boolean): NodeJS.ProcessEnv {
  const runtime = join(home, "runtime");
  mkdirSync(runtime, { mode: 0o700 });
  const driver = software ? findSoftwareVulkan(findChromiums())[0] : undefined;
  return {
    ...process.env,
    HOME: home,
    XDG_RUNTIME_DIR: runtime,
    ...(driver && !process.env["VK_DRIVER_FILES"] ? driverVariables(driver) : {}),
  };
}
