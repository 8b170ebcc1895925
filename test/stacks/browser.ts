/** A browser for tests: on software adapters, whatever GPU the machine has. */
import type { Browser, Page } from "puppeteer";
import { type LaunchOptions, launchBrowser } from "../../src/node/browser.ts";
import type { BrowserName } from "../../src/node/find-browser.ts";
import type { CaseResult, GpuCase } from "./case.ts";
import { stackEnvironment } from "./environment.ts";
import { type Server, startServer } from "./server.ts";

// A vitest that is killed leaves its workers running; without this, they would keep their browsers.
process.once("disconnect", () => process.exit(1));

/** Starts a headless browser with WebGPU; `close()` it, or it goes with this process. */
export async function launch(name: BrowserName, options: LaunchOptions = {}): Promise<Browser> {
  const environment = stackEnvironment(name);
  if (!environment.available) throw new Error(`${name}: ${environment.reason}`);
  return launchBrowser(name, { adapter: "software", ...options });
}

/** A browser with one page that runs test cases. */
export class CaseRunner {
  readonly #browser: Browser;
  readonly #server: Server;
  /** Undefined before the first case, and after one that did not come back or failed. */
  #page: Page | undefined;
  #console: string[] = [];

  private constructor(browser: Browser, server: Server) {
    this.#browser = browser;
    this.#server = server;
  }

  static async start(name: BrowserName): Promise<CaseRunner> {
    const server = await startServer();
    try {
      return new CaseRunner(await launch(name), server);
    } catch (error) {
      await server.close();
      throw error;
    }
  }

  /** @throws Error with the failure and what the page wrote to its console */
  async run(file: string, gpuCase: GpuCase): Promise<CaseResult> {
    const page = this.#page ?? (await this.#openPage());
    this.#page = undefined;
    this.#console = [];
    const { failure, ...result } = await page.evaluate(
      (file, name) => window.runCase?.(file, name) ?? Promise.resolve({ failure: "the page has no runCase" }),
      file,
      gpuCase.name,
    );
    if (failure !== undefined) throw new Error([failure, ...this.#console].join("\n"));
    this.#page = page;
    return result;
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await this.#server.close();
  }

  async #openPage(): Promise<Page> {
    for (const page of (await this.#browser.pages()).slice(1)) await page.close();
    const page = await this.#browser.newPage();
    page.on("console", (message) => this.#console.push(`console.${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => this.#console.push(`page error: ${String(error)}`));
    await page.goto(`${this.#server.url}/test/stacks/page.html`);
    await page.waitForFunction(() => window.runCase !== undefined);
    return page;
  }
}
