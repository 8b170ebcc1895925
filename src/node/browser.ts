/**
 * Finds and starts Chromium or Firefox with WebGPU switched on: the command line's
 * `--runtime chromium|firefox`, `npm run bench`, and every test that opens a page.
 */
import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { Browser } from "puppeteer";
import { DeviceError } from "../errors.ts";
import { driverVariables, findSoftwareVulkan, lacksGpu } from "./vulkan.ts";

export type BrowserName = "chromium" | "firefox";

export interface LaunchOptions {
  /** Further command-line switches; one of the same name replaces ours. */
  readonly flags?: readonly string[];
  /** Switches of ours to leave out, by name: `--enable-unsafe-webgpu`. */
  readonly withoutFlags?: readonly string[];
  /** Further Firefox preferences. */
  readonly prefs?: Readonly<Record<string, boolean | number | string>>;
  /** Software adapters wherever the machine shows no GPU, unless said otherwise. */
  readonly adapter?: "software" | "hardware";
}

const COMMANDS: Readonly<Record<BrowserName, readonly string[]>> = {
  chromium: [
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
    "chrome",
    "microsoft-edge",
  ],
  firefox: ["firefox", "firefox-esr"],
};

const APPLICATIONS: Readonly<Record<BrowserName, readonly string[]>> = {
  chromium: [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
    "C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe",
  ],
  firefox: [
    "/Applications/Firefox.app/Contents/MacOS/firefox",
    "C:\\Program Files\\Mozilla Firefox\\firefox.exe",
  ],
};

/** What puppeteer's installer unpacks: `<cache>/<product>/<platform>-<build>/<folder>/<executable>`. */
const DOWNLOADS: Readonly<Record<BrowserName, { readonly product: string; readonly executable: RegExp }>> = {
  chromium: { product: "chrome", executable: /^(chrome|chrome\.exe|Google Chrome for Testing)$/ },
  firefox: { product: "firefox", executable: /^(firefox|firefox\.exe)$/ },
};

/** Names of the variables by which a person picks an executable. */
const OVERRIDES: Readonly<Record<BrowserName, string>> = { chromium: "CHROME_PATH", firefox: "FIREFOX_PATH" };

/** Executable of a browser: the one the environment names, the system's, or one puppeteer installed. */
export function findBrowser(name: BrowserName, env: NodeJS.ProcessEnv = process.env): string | undefined {
  const named = env[OVERRIDES[name]];
  if (named) return isExecutable(named) ? named : undefined;
  const folders = (env["PATH"] ?? "").split(delimiter).filter(Boolean);
  const commands = COMMANDS[name].flatMap((command) => folders.map((folder) => join(folder, command)));
  return [...commands, ...APPLICATIONS[name], ...downloaded(name, env)].find(isExecutable);
}

/** Every Chromium on the machine; each brings a software Vulkan driver. */
export function findChromiums(env: NodeJS.ProcessEnv = process.env): string[] {
  const system = findBrowser("chromium", env);
  return [...(system ? [system] : []), ...downloaded("chromium", env)];
}

function downloaded(name: BrowserName, env: NodeJS.ProcessEnv): string[] {
  const { product, executable } = DOWNLOADS[name];
  const cache = join(env["PUPPETEER_CACHE_DIR"] ?? join(homedir(), ".cache", "puppeteer"), product);
  if (!existsSync(cache)) return [];
  return readdirSync(cache, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && executable.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .reverse();
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Chromium's switches. Without the SwiftShader ones a machine without a GPU has no adapter, and a
 * WebGPU canvas is blank in screenshots; on Linux even a GPU needs `Vulkan` said. `--no-sandbox`,
 * because containers mostly forbid the sandbox, and only pages of this project are opened.
 */
export function chromiumFlags(software: boolean): string[] {
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
 * Starts a headless browser with a home folder of its own, which goes when the browser goes.
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
  const removeHome = () => rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  const common = {
    executablePath,
    headless: true,
    userDataDir: join(home, "profile"),
    env: browserEnvironment(home, software),
    // Long shader compilations and whole test cases run inside one protocol call.
    protocolTimeout: 600_000,
    timeout: 120_000,
  } as const;
  try {
    const browser = await puppeteer.launch(
      name === "chromium"
        ? // Over a pipe Chromium ends with its parent, however that ends.
          { ...common, pipe: true, args: mergeFlags(chromiumFlags(software), options) }
        : {
            ...common,
            browser: "firefox",
            args: [...(options.flags ?? [])],
            extraPrefsFirefox: { ...FIREFOX_PREFS, ...options.prefs },
          },
    );
    // After puppeteer's own listener, which kills the browser.
    process.once("exit", removeHome);
    browser.process()?.once("exit", () => {
      process.off("exit", removeHome);
      removeHome();
    });
    return browser;
  } catch (cause) {
    removeHome();
    const reason = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
    throw new DeviceError(`${executablePath} does not start: ${reason}`, { cause });
  }
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
