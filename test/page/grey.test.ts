/** A network that reads one channel, dropped on the built page, in real browsers: the question, and a picture in grey. */
import type { Browser, ElementHandle, Page } from "puppeteer";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AscentView } from "../../src/element/ascent-view.ts";
import { writeSafetensors } from "../../src/model/safetensors.ts";
import { featureShapes, fill, withLinear } from "../model/checkpoints.ts";
import { launch } from "../stacks/browser.ts";
import { stackEnvironment, wantedStacks } from "../stacks/environment.ts";
import { type Server, startBuiltServer } from "../stacks/server.ts";
import { find } from "../support/find.ts";

const TIMEOUT = 120_000;

/** A network of digits. It says nothing of its pixels. */
const DIGITS = [
  ...writeSafetensors(
    fill(
      new Map([
        ...withLinear(featureShapes([4, 4, "M", 4, "M"]), "classifier.1", [3, 4 * 7 * 7]),
        ["features.0.weight", [4, 1, 3, 3]],
      ]),
    ),
  ),
];

for (const name of ["chromium", "firefox"] as const) {
  const environment = stackEnvironment(name);
  const skip = !environment.available || !wantedStacks().includes(name);

  describe.skipIf(skip)(`a network of grey images on the page in ${name}`, { timeout: TIMEOUT }, () => {
    let browser: Browser;
    let server: Server;
    let page: Page;
    let view: ElementHandle<AscentView>;

    beforeAll(async () => {
      server = await startBuiltServer();
      browser = await launch(name);
      page = await browser.newPage();
      page.setDefaultTimeout(TIMEOUT);
      await page.setViewport({ width: 1280, height: 900 });
      await page.goto(`${server.url}/`);
      view = await find<AscentView>(page, "ascent-view");
      await find(page, "page-model");
    }, TIMEOUT);

    afterAll(async () => {
      await browser?.close();
      await server?.close();
    }, TIMEOUT);

    it("asks for its grey, and draws and saves in grey", async () => {
      await page.evaluate((data) => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([new Uint8Array(data)], "digits.safetensors"));
        window.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
      }, DIGITS as number[]);
      const question = await find(page, "page-question");
      const answers = await question.evaluate((it) =>
        [...it.shadowRoot!.querySelectorAll(".answers button")].map((one) => one.textContent?.trim()),
      );
      expect(answers[0]).toMatch(/^Grey 0–1/);
      expect(answers).toHaveLength(4);
      await (await find(page, "page-question .answers button")).evaluate((it) => (it as HTMLElement).click());
      await page.waitForFunction(
        (it) => it.model instanceof File && ["running", "finished"].includes(it.state) && it.iteration > 3,
        {},
        view,
      );
      const made = await view.evaluate(async (it) => {
        const bytes = new Uint8Array(await (await it.toBlob()).arrayBuffer());
        const canvas = it.shadowRoot!.querySelector("canvas")!;
        const drawn = document.createElement("canvas");
        [drawn.width, drawn.height] = [canvas.width, canvas.height];
        const bitmap = await createImageBitmap(await it.toBlob());
        const context = drawn.getContext("2d")!;
        context.drawImage(bitmap, 0, 0);
        const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
        const pixels = Array.from({ length: data.length / 4 }, (_, i) => data.subarray(4 * i, 4 * i + 3));
        return {
          size: it.recipe!.size,
          numbers: (await it.readImage()).length,
          colourType: bytes[25],
          equal: pixels.every(([r, g, b]) => r === g && g === b),
          levels: new Set(pixels.map(([r]) => r)).size,
        };
      });
      expect(made).toMatchObject({ numbers: made.size[0] * made.size[1], colourType: 0, equal: true });
      expect(made.levels).toBeGreaterThan(20);
    });
  });
}
