/** A suite of the built page in every browser that is wanted, with one server and one browser for all of its tests. */
import type { Browser, Page } from "puppeteer";
import { afterAll, beforeAll, describe } from "vitest";
import { launch } from "../stacks/browser.ts";
import { stackEnvironment, wantedStacks } from "../stacks/environment.ts";
import { type Server, startBuiltServer } from "../stacks/server.ts";

export const TIMEOUT = 120_000;

/** A page, and what it wrote to the console as errors. */
export interface Opened {
  readonly page: Page;
  readonly complaints: readonly string[];
}

export type Open = (address: string, viewport?: { width: number; height: number }) => Promise<Opened>;

export function inBrowsers(what: string, tests: (open: Open, browser: "chromium" | "firefox") => void): void {
  for (const name of ["chromium", "firefox"] as const) {
    const skip = !stackEnvironment(name).available || !wantedStacks().includes(name);
    describe.skipIf(skip)(`${what} in ${name}`, { timeout: TIMEOUT }, () => {
      let browser: Browser;
      let server: Server;

      beforeAll(async () => {
        server = await startBuiltServer();
        browser = await launch(name);
      }, TIMEOUT);

      afterAll(async () => {
        await browser?.close();
        await server?.close();
      }, TIMEOUT);

      tests(async (address, viewport = { width: 1280, height: 900 }) => {
        const complaints: string[] = [];
        const page = await browser.newPage();
        page.setDefaultTimeout(TIMEOUT);
        page.on("pageerror", (error) => complaints.push(String(error)));
        page.on("console", (message) => {
          if (message.type() === "error") complaints.push(message.text());
        });
        await page.setViewport(viewport);
        await page.goto(`${server.url}/${address}`);
        return { page, complaints };
      }, name);
    });
  }
}
