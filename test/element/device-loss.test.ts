/** A device that goes while it is drawing: said in words, and a new one taken on request. */
import { readdirSync, readFileSync } from "node:fs";
import type { Browser, ElementHandle, Page } from "puppeteer";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AscentView } from "../../src/element/ascent-view.ts";
import { launch } from "../stacks/browser.ts";
import { stackEnvironment, wantedStacks } from "../stacks/environment.ts";
import { type Server, startServer } from "../stacks/server.ts";

const TIMEOUT = 90_000;
/** Milliseconds between two looks: Firefox may draw no frame while a canvas waits for a device that is gone. */
const LOOKS = { polling: 200 };
/** Else Chromium gives a page that has lost its GPU once or twice no other. */
const CHROMIUM_FLAGS = ["--disable-gpu-process-crash-limit", "--disable-domain-blocking-for-3d-apis"];

interface Told {
  readonly concern: string;
  readonly name: string;
  readonly message: string;
}

declare global {
  interface Window {
    device?: GPUDevice;
    told?: Told;
  }
}

/** Keeps the newest device a page is given where the test can reach it. */
function keepDevice(): void {
  const request = GPUAdapter.prototype.requestDevice;
  GPUAdapter.prototype.requestDevice = async function (...args) {
    window.device = await request.apply(this, args);
    return window.device;
  };
}

/** Kills the GPU process below a browser's own; Linux only. */
function killGpuProcess(browser: Browser): void {
  const parent = (pid: number): number => {
    try {
      return Number(readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ")[1]);
    } catch {
      return 0;
    }
  };
  const isGpuProcess = (pid: number): boolean => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("--type=gpu-process");
    } catch {
      return false;
    }
  };
  const root = browser.process()?.pid;
  const isBelow = (pid: number): boolean => pid === root || (pid > 1 && isBelow(parent(pid)));
  const found = readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 1 && isGpuProcess(pid) && isBelow(pid));
  expect(found).toHaveLength(1);
  for (const pid of found) process.kill(pid, "SIGKILL");
}

for (const name of ["chromium", "firefox"] as const) {
  const environment = stackEnvironment(name);
  // Firefox 153 now and then closes the page when a device is destroyed that has drawn on a canvas.
  const closes = name === "firefox" && process.env["ASCENT_FIREFOX_LOSS"] === undefined;
  const skip = !environment.available || !wantedStacks().includes(name) || closes;

  describe.skipIf(skip)(`a lost device in ${name}`, { timeout: TIMEOUT }, () => {
    let browser: Browser;
    let server: Server;
    let page: Page;

    beforeAll(async () => {
      server = await startServer();
      browser = await launch(name, name === "chromium" ? { flags: CHROMIUM_FLAGS } : {});
      page = await browser.newPage();
      page.setDefaultTimeout(TIMEOUT);
      await page.goto(`${server.url}/test/element/view.html`);
      await page.waitForFunction(() => customElements.get("ascent-view") !== undefined);
      await page.evaluate(keepDevice);
    }, TIMEOUT);

    afterAll(async () => {
      await browser?.close();
      await server?.close();
    }, TIMEOUT);

    async function hang(): Promise<ElementHandle<AscentView>> {
      const handle = await page.evaluateHandle(() => {
        const view = document.createElement("ascent-view");
        Object.assign(view, { model: "/weights/ascent-vgg.safetensors", objective: "channel:relu2_1:3" });
        Object.assign(view, { size: "32", iterations: 100000, jitter: 2 });
        view.addEventListener("ascent-error", ({ concern, detail: { name, message } }) => {
          window.told = { concern, name, message };
        });
        document.body.replaceChildren(view);
        return view;
      });
      const view = handle as unknown as ElementHandle<AscentView>;
      await page.waitForFunction((it) => it.state === "running" && it.iteration > 10, LOOKS, view);
      return view;
    }

    it.each([
      ["destroyed", () => page.evaluate(() => window.device?.destroy())],
      ...(name === "chromium" && process.platform === "linux"
        ? [["killed with its process", async () => killGpuProcess(browser)] as const]
        : []),
    ] as const)("%s: an error in words, and a start on a new one", async (_, lose) => {
      const view = await hang();
      await lose();
      await page.waitForFunction((it) => it.state === "failed", LOOKS, view);
      const told = await page.evaluate(() => window.told);
      expect(told).toMatchObject({ concern: "gpu", name: "DeviceError" });
      expect(told?.message).toMatch(/^the GPU device was lost/);
      await view.evaluate((it) => it.pause());
      await view.evaluate((it) => it.step());
      expect(await view.evaluate((it) => [it.state, it.iteration, it.error ?? "no error"])).toEqual([
        "paused",
        1,
        "no error",
      ]);
      await view.evaluate((it) => it.start());
      await page.waitForFunction((it) => it.state === "running" && it.iteration > 10, LOOKS, view);
    });
  });
}
