/** The page as `npm run build` makes it, served statically from a sub folder, in real browsers. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "puppeteer";
import { build, type PreviewServer, preview } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AscentView } from "../../src/element/ascent-view.ts";
import { launch } from "../stacks/browser.ts";
import { ROOT, stackEnvironment, wantedStacks } from "../stacks/environment.ts";
import { find } from "./find.ts";

const TIMEOUT = 180_000;
const FOLDER = "/some/folder/";
const BENCH = "?bench&objective=channel:relu2_1:3&size=32&iterations=4";

let server: PreviewServer;
let address = "";
const outDir = join(ROOT, ".cache", `page-${process.pid}`);

beforeAll(async () => {
  await build({ root: ROOT, logLevel: "error", build: { outDir } });
  server = await preview({
    root: ROOT,
    base: FOLDER,
    logLevel: "error",
    build: { outDir },
    preview: { host: "127.0.0.1", port: 0, strictPort: false, open: false },
  });
  const bound = server.httpServer.address();
  if (!bound || typeof bound === "string") throw new Error("the server has no port");
  address = `http://127.0.0.1:${bound.port}${FOLDER}`;
}, TIMEOUT);

afterAll(async () => {
  await server?.close();
  rmSync(outDir, { recursive: true, force: true });
});

for (const name of ["chromium", "firefox"] as const) {
  const environment = stackEnvironment(name);
  const skip = !environment.available || !wantedStacks().includes(name);

  describe.skipIf(skip)(`the built page in ${name}`, { timeout: TIMEOUT }, () => {
    let browser: Browser;

    beforeAll(async () => {
      browser = await launch(name);
    }, TIMEOUT);

    afterAll(() => browser?.close(), TIMEOUT);

    async function open(path: string): Promise<{ page: Page; complaints: string[] }> {
      const complaints: string[] = [];
      const page = await browser.newPage();
      page.setDefaultTimeout(TIMEOUT);
      page.on("pageerror", (error) => complaints.push(String(error)));
      page.on("console", (message) => {
        if (message.type() === "error") complaints.push(message.text());
      });
      await page.goto(address + path);
      return { page, complaints };
    }

    it("climbs on the embedded network, with its controls there", async () => {
      const { page, complaints } = await open("#objective=channel%3Arelu2_1%3A3&size=32&iterations=100000");
      const view = await find<AscentView>(page, "ascent-view");
      await page.waitForFunction((it) => it.state === "running" && it.iteration > 1, {}, view);
      for (const control of ["studio-subject select", "studio-recipe input", "studio-plot canvas"]) {
        await find(page, control);
      }
      expect(complaints).toEqual([]);
      await page.close();
    });

    it("measures on its bench, and copies what it measured", async () => {
      const { page, complaints } = await open(BENCH);
      await page.evaluate(() => {
        const write = navigator.clipboard.writeText.bind(navigator.clipboard);
        navigator.clipboard.writeText = async (text) => {
          await write(text);
          Object.assign(window, { copied: text });
        };
      });
      await (await find(page, "button.primary")).click();
      const cells = await find(page, "tbody tr");
      const words = await cells.evaluate((row) => [...row.children].map((cell) => cell.textContent?.trim()));
      expect(words.slice(0, 2)).toEqual(["channel:relu2_1:3", "32 × 32"]);
      for (const figure of words.slice(2)) expect(Number(figure)).toBeGreaterThan(0);
      await (await find(page, "button.copy:enabled")).click();
      await page.waitForFunction(() => "copied" in window);
      const copied = await page.evaluate(() => (window as unknown as { copied: string }).copied);
      expect(JSON.parse(copied)).toEqual([
        expect.objectContaining({
          spec: "channel:relu2_1:3",
          runtime: "browser",
          size: [32, 32],
          iterations: 4,
        }),
      ]);
      expect(complaints).toEqual([]);
      await page.close();
    });
  });
}
