/** Networks that lie in several files, chosen together on the built page, in real browsers. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Browser, ElementHandle, Page } from "puppeteer";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AscentView } from "../../src/element/ascent-view.ts";
import { launch } from "../stacks/browser.ts";
import { stackEnvironment, wantedStacks } from "../stacks/environment.ts";
import { type Server, startBuiltServer } from "../stacks/server.ts";
import { find } from "../support/find.ts";

const TIMEOUT = 120_000;
const path = (name: string): string => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
const TFJS = ["model-shard3of3.bin", "model-shard1of3.bin", "model.json", "model-shard2of3.bin"];

for (const name of ["chromium", "firefox"] as const) {
  const environment = stackEnvironment(name);
  const skip = !environment.available || !wantedStacks().includes(name);

  describe.skipIf(skip)(`a network in several files in ${name}`, { timeout: TIMEOUT }, () => {
    let browser: Browser;
    let server: Server;
    let page: Page;

    beforeAll(async () => {
      server = await startBuiltServer();
      browser = await launch(name);
      page = await browser.newPage();
      page.setDefaultTimeout(TIMEOUT);
      await page.goto(`${server.url}/`);
    }, TIMEOUT);

    afterAll(async () => {
      await browser?.close();
      await server?.close();
    }, TIMEOUT);

    async function choose(...names: readonly string[]): Promise<void> {
      const input = (await find(page, "page-model #file")) as unknown as ElementHandle<HTMLInputElement>;
      expect(
        await input.evaluate(
          ({ multiple, accept }) => multiple && /\.json,.*\.bin|\.bin,.*\.json/.test(accept),
        ),
      ).toBe(true);
      await input.uploadFile(...names.map(path));
    }

    /** Names of its layers, once the element has opened the file of that name. */
    async function opened(fileName: string): Promise<readonly string[]> {
      const view = await find<AscentView>(page, "ascent-view");
      await page.waitForFunction(
        (it, wanted) =>
          it.model instanceof File &&
          it.model.name === wanted &&
          it.network?.layers.some((layer) => layer.name === "tanh6"),
        { timeout: 20_000 },
        view,
        fileName,
      );
      return view.evaluate((it) => it.network?.layers.map((layer) => layer.name) ?? []);
    }

    it("opens TensorFlow.js' model.json with its shards, chosen together in any order", async () => {
      await choose(...TFJS.map((file) => `tensorflow-js/${file}`));
      expect(await opened("model.json")).toEqual(
        "conv1_1 relu1_1 norm1_1 conv1_2 relu1_2 pool1 fc6 tanh6 logits".split(" "),
      );
    });

    /** Once it is at its end: how many levels the picture has, and at which size. */
    async function drawn(): Promise<{ readonly size: string; readonly levels: number }> {
      const view = await find<AscentView>(page, "ascent-view");
      await page.waitForFunction((it) => it.state === "finished", {}, view);
      return view.evaluate(async (it) => {
        const bitmap = await createImageBitmap(await it.toBlob());
        const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
        context?.drawImage(bitmap, 0, 0);
        const { data } = context?.getImageData(0, 0, bitmap.width, bitmap.height) ?? { data: [] };
        return { size: `${bitmap.width}x${bitmap.height}`, levels: new Set(data).size };
      });
    }

    it("draws a network of 8 pixels at 8 pixels, dropped or by its address", async () => {
      const files = TFJS.map((file) => ({
        file,
        data: readFileSync(path(`tensorflow-js/${file}`)).toString("base64"),
      }));
      await page.goto("about:blank");
      await page.goto(`${server.url}/`);
      await find<AscentView>(page, "ascent-view");
      await page.evaluate((all) => {
        const dataTransfer = new DataTransfer();
        for (const { file, data } of all)
          dataTransfer.items.add(new File([Uint8Array.from(atob(data), (it) => it.charCodeAt(0))], file));
        window.dispatchEvent(new DragEvent("drop", { dataTransfer, cancelable: true }));
      }, files);
      await opened("model.json");
      const dropped = await drawn();
      expect(dropped.size).toBe("8x8");
      expect(dropped.levels).toBeGreaterThan(30);

      const address = new URL("/asset/test/fixtures/tensorflow-js/model.json", server.url).href;
      await page.goto("about:blank");
      await page.goto(`${server.url}/`);
      const field = await find<HTMLInputElement>(page, "page-address #address");
      await field.evaluate((it, value) => {
        it.value = value;
        it.dispatchEvent(new Event("input"));
        it.form?.requestSubmit();
      }, address);
      const view = await find<AscentView>(page, "ascent-view");
      await page.waitForFunction((it, wanted) => it.model === wanted, {}, view, address);
      expect(await drawn()).toEqual(dropped);
    });

    it("says which file is missing", async () => {
      await choose("tensorflow-js/model.json");
      const message = await find(page, "page-model .error");
      expect(await message.evaluate((it) => it.textContent)).toContain('"model-shard1of3.bin" is missing');
    });

    it("opens ONNX with its external data, once it is told how the pixels are", async () => {
      await choose("onnx/external.onnx", "onnx/external weights.bin", "onnx/below/more.bin");
      await (await find(page, "page-question .answers button")).evaluate((it) => (it as HTMLElement).click());
      expect(await opened("external.onnx")).toContain("tanh6");
    });
  });
}
