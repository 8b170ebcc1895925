/**
 * Finds, or gets, what the tests need beyond npm's packages: a Chromium, a Firefox and a Vulkan driver
 * that Dawn accepts. `npm test` does this first. Looked for in turn: what the system has, what puppeteer's
 * installer brings, what Debian packages for root. `--torch` asks for PyTorch too, which only the
 * scripts that make fixtures need.
 */
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { dawnGpu } from "../src/node/dawn.ts";
import { type BrowserName, findBrowser, findChromiums } from "../src/node/find-browser.ts";
import { findSoftwareVulkan, lacksGpu, useDriver } from "../src/node/vulkan.ts";
import {
  candidateVersion,
  canInstall,
  install,
  installFromBackports,
  refreshLists,
} from "./stacks/debian.ts";
import { wantedStacks } from "./stacks/environment.ts";

/** A download that takes longer than this is given up, so that `npm test` keeps its ten minutes. */
const DOWNLOAD_LIMIT = 150_000;

const PRODUCTS = {
  chromium: { download: "chrome", packages: ["chromium"] },
  firefox: { download: "firefox", packages: ["firefox-esr"] },
} as const;

const missing: string[] = [];

function say(text: string): void {
  console.log(`provision: ${text}`);
}

let listsAreFresh = false;

function freshenLists(): void {
  if (!listsAreFresh) listsAreFresh = refreshLists();
}

/** Installs Debian packages where this process may. */
function installPackages(packages: readonly string[]): void {
  if (!canInstall()) return;
  freshenLists();
  install(packages);
}

/** The version a browser reports; undefined where it does not start, for lack of a library say. */
function browserVersion(name: BrowserName): string | undefined {
  const executable = findBrowser(name);
  if (!executable) return undefined;
  const { stdout, status } = spawnSync(executable, ["--version"], { encoding: "utf8", timeout: 60_000 });
  return status === 0 ? `${stdout.trim()} at ${executable}` : undefined;
}

function download(name: BrowserName): void {
  say(`no ${name}: asking puppeteer's installer for one`);
  const command = createRequire(import.meta.url).resolve("puppeteer/lib/cjs/puppeteer/node/cli.js");
  const { status, stderr, signal } = spawnSync(
    process.execPath,
    [command, "browsers", "install", PRODUCTS[name].download],
    { encoding: "utf8", stdio: ["ignore", "inherit", "pipe"], timeout: DOWNLOAD_LIMIT },
  );
  if (status !== 0)
    say(`that failed: ${signal ?? stderr.split("\n").find((line) => line.includes("Error")) ?? status}`);
}

function provideBrowser(name: BrowserName): void {
  let version = browserVersion(name);
  if (!version) {
    download(name);
    version = browserVersion(name);
  }
  if (!version) {
    installPackages(PRODUCTS[name].packages);
    version = browserVersion(name);
  }
  if (version) say(version);
  else missing.push(`${name} (install it, or name its executable in CHROME_PATH or FIREFOX_PATH)`);
}

/** Lavapipe, for its f16; SwiftShader, which comes with Chromium, does where that cannot be had. */
function provideVulkan(): void {
  if (!lacksGpu() || process.env["VK_DRIVER_FILES"]) return;
  const hasLavapipe = () => findSoftwareVulkan().length > 0;
  if (!hasLavapipe() && canInstall()) {
    say("no Mesa lavapipe of version 24 or later: asking Debian for one");
    freshenLists();
    if (candidateVersion("mesa-vulkan-drivers") >= 24) installPackages(["mesa-vulkan-drivers"]);
    else installFromBackports(["mesa-vulkan-drivers"]);
  }
  const driver = findSoftwareVulkan(findChromiums())[0];
  if (!driver) return;
  say(`${driver.name} at ${driver.manifest}`);
  useDriver(driver);
}

async function checkDawn(): Promise<void> {
  try {
    const adapter = await (await dawnGpu()).requestAdapter();
    say(`Dawn on ${adapter?.info.description || adapter?.info.device || "an unnamed adapter"}`);
  } catch (error) {
    missing.push(`a Vulkan driver for Dawn (${error instanceof Error ? error.message : String(error)})`);
  }
}

function provideTorch(): void {
  const works = () => spawnSync("python3", ["-c", "import torch"]).status === 0;
  if (!works()) installPackages(["python3-torch", "python3-numpy", "libopenblas0-pthread"]);
  if (works()) say("PyTorch for python3");
  else missing.push("PyTorch (Debian: python3-torch)");
}

const wanted = wantedStacks();
if (wanted.includes("chromium")) provideBrowser("chromium");
if (wanted.includes("firefox")) provideBrowser("firefox");
if (wanted.includes("dawn") || wanted.includes("firefox")) provideVulkan();
if (wanted.includes("dawn")) await checkDawn();
if (process.argv.includes("--torch")) provideTorch();
for (const what of missing) console.error(`provision: missing: ${what}`);
if (missing.length > 0)
  console.error("provision: ASCENT_STACKS=dawn,chromium,firefox says which of them to test");
process.exit(missing.length > 0 ? 1 : 0);
