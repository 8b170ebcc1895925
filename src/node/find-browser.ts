/** Finds Chromium and Firefox on this machine. */

import { accessSync, constants, existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

export type BrowserName = "chromium" | "firefox";

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

/** What puppeteer's installer unpacks, at `<cache>/<product>/<platform>-<build>/<folder>/<executable>`. */
const DOWNLOADS: Readonly<Record<BrowserName, { readonly product: string; readonly executable: RegExp }>> = {
  chromium: { product: "chrome", executable: /^(chrome|chrome\.exe|Google Chrome for Testing)$/ },
  firefox: { product: "firefox", executable: /^(firefox|firefox\.exe)$/ },
};

/** The environment variables that name an executable. */
export const OVERRIDES: Readonly<Record<BrowserName, string>> = {
  chromium: "CHROME_PATH",
  firefox: "FIREFOX_PATH",
};

/** Executable of a browser: the one that the environment names, else the system's, else one that puppeteer installed. */
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
