/** The page as `npm run build` makes it, in a folder of a server, as a person meets it in real browsers. */
import { AxePuppeteer } from "@axe-core/puppeteer";
import { decode } from "fast-png";
import type { Browser, ElementHandle, Page } from "puppeteer";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { AscentView } from "../../src/element/ascent-view.ts";
import { launch } from "../stacks/browser.ts";
import { stackEnvironment, wantedStacks } from "../stacks/environment.ts";
import { type Server, startBuiltServer } from "../stacks/server.ts";
import { find } from "../support/find.ts";

const TIMEOUT = 120_000;
const VIEWPORT = { width: 1280, height: 900 };

/** Drops a file of the repository on the page. */
async function drop(page: Page, path: string): Promise<void> {
  await page.evaluate(async (from) => {
    const response = await fetch(`/asset?path=${encodeURIComponent(from)}`);
    const type = from.endsWith(".png") ? "image/png" : "";
    const file = new File([await response.blob()], from.split("/").at(-1) ?? "", { type });
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(file);
    window.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
  }, path);
}

/** Small, so that a software adapter keeps up; `iterations` far away, so that it does not finish. */
const SMALL = "#objective=channel%3Arelu2_1%3A3&size=32&iterations=100000";
const BENCH = "?bench&objective=channel:conv1_1:3&size=32&iterations=4";

for (const name of ["chromium", "firefox"] as const) {
  const environment = stackEnvironment(name);
  const skip = !environment.available || !wantedStacks().includes(name);

  describe.skipIf(skip)(`the page in ${name}`, { timeout: TIMEOUT }, () => {
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

    async function open(query: string, before?: () => void): Promise<{ page: Page; complaints: string[] }> {
      const complaints: string[] = [];
      const page = await browser.newPage();
      page.setDefaultTimeout(TIMEOUT);
      page.on("pageerror", (error) => complaints.push(String(error)));
      page.on("console", (message) => {
        if (message.type() === "error") complaints.push(message.text());
      });
      await page.setViewport(VIEWPORT);
      if (before) await page.evaluateOnNewDocument(before);
      await page.goto(`${server.url}/${query}`);
      return { page, complaints };
    }

    async function running(page: Page): Promise<ElementHandle<AscentView>> {
      const view = await find<AscentView>(page, "ascent-view");
      await page.waitForFunction((it) => it.state === "running" && it.iteration > 1, {}, view);
      await find(page, "page-segmented");
      return view;
    }

    /** The iteration at which it stands: what was under way when it was paused still finishes. */
    function rested(view: ElementHandle<AscentView>): Promise<number> {
      return view.evaluate(async (it) => {
        for (let last = -1; last !== it.iteration; ) {
          last = it.iteration;
          await new Promise((resolve) => setTimeout(resolve, 3000));
        }
        return it.iteration;
      });
    }

    /** Distinct bytes in what the person sees of the picture: few for an even colour. */
    async function variety(view: ElementHandle<AscentView>): Promise<number> {
      return new Set(decode(await view.screenshot({ type: "png" })).data).size;
    }

    /** The PNG that the page gives on request. */
    async function savedPng(page: Page): Promise<ReturnType<typeof decode>> {
      const bytes = await page.evaluate(async () => {
        const saved = new Promise<Blob>((resolve) => {
          URL.createObjectURL = (blob) => {
            resolve(blob as Blob);
            return "blob:null/none";
          };
          HTMLAnchorElement.prototype.click = () => {};
        });
        const stage = document.querySelector("ascent-page")?.shadowRoot?.querySelector("page-stage");
        stage?.shadowRoot?.querySelector<HTMLButtonElement>("[aria-label='Save as PNG']")?.click();
        return [...new Uint8Array(await (await saved).arrayBuffer())];
      });
      return decode(new Uint8Array(bytes));
    }

    it("opens on the embedded network, already climbing to a class from zeros", async () => {
      const { page, complaints } = await open("");
      const view = await running(page);
      expect(await view.evaluate((it) => it.recipe?.objective)).toBe('class:"king penguin"');
      expect(await view.evaluate((it) => it.recipe?.init)).toBe("zeros");
      await page.keyboard.press(" ");
      await page.waitForFunction((it) => it.state === "paused", {}, view);
      expect(await variety(view)).toBeGreaterThan(30);
      expect(await text(page, "h1")).toBe("king penguin");
      for (const control of ["page-subject input", "page-recipe input", "page-plot canvas"]) {
        await find(page, control);
      }
      expect(complaints).toEqual([]);
      await page.close();
    });

    describe("of a small picture", () => {
      let page: Page;
      let view: ElementHandle<AscentView>;

      beforeAll(async () => {
        ({ page } = await open(SMALL));
        view = await find<AscentView>(page, "ascent-view");
      }, TIMEOUT);

      afterAll(() => page.close());

      beforeEach(async () => {
        await view.evaluate((it) => it.start());
        await running(page);
      }, TIMEOUT);

      it("obeys the keyboard: space pauses, a full stop steps once, r restarts", async () => {
        await page.keyboard.press(" ");
        await page.waitForFunction((it) => it.state === "paused", {}, view);
        const iteration = await rested(view);
        await page.keyboard.press(".");
        await page.waitForFunction((it, then) => it.iteration === then + 1, {}, view, iteration);
        await view.evaluate((it) => {
          it.addEventListener("ascent-step", ({ detail }) => {
            if (detail.iteration === 0) Object.assign(window, { restarted: true });
          });
        });
        await page.keyboard.press("r");
        await page.waitForFunction(() => "restarted" in window);
        await page.waitForFunction((it) => it.state === "running" && it.iteration > 0, {}, view);
      });

      it.runIf(name === "chromium").each(["light", "dark"])(
        "is accessible in %s colours, says axe",
        async (scheme) => {
          await page.emulateMediaFeatures([
            { name: "prefers-color-scheme", value: scheme },
            // Colours on their way from one to the other would be judged too.
            { name: "prefers-reduced-motion", value: "reduce" },
          ]);
          const { violations } = await new AxePuppeteer(page).analyze();
          expect(
            violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`),
          ).toEqual([]);
        },
      );

      it("saves the picture on the wall as a PNG", async () => {
        await page.keyboard.press(" ");
        const { width, height, channels } = await savedPng(page);
        expect([width, height, channels]).toEqual([32, 32, 3]);
      });

      it("fits a screen of 360 pixels", async () => {
        await page.setViewport({ width: 360, height: 760 });
        // A busy browser lays out a moment later.
        await page.waitForFunction(() => innerWidth === 360 && document.documentElement.scrollWidth <= 360);
        await page.setViewport(VIEWPORT);
      });

      it("opens a file dropped on it and follows its network", async () => {
        await drop(page, "package.json");
        expect(await text(page, ".error")).toContain("package.json");
        expect(await view.evaluate((it) => it.state)).toBe("running");
        await drop(page, "weights/ascent-vgg.safetensors");
        await page.waitForFunction((it) => it.model instanceof File && it.state === "running", {}, view);
        expect(await page.evaluate(() => location.hash)).toContain("file=ascent-vgg.safetensors");
      });

      it("says beside the formula which layers there are, and keeps its picture running", async () => {
        const objective = await view.evaluate((it) => it.recipe?.objective);
        await (await find(page, "input[value=formula]")).evaluate((it) => it.click());
        const formula = await find(page, "textarea");
        await formula.evaluate((it) => (it as HTMLTextAreaElement).select());
        await formula.focus();
        await formula.type("channel:conv7_1:0");
        await page.keyboard.press("Enter");
        const message = await text(page, ".error");
        expect(message).toContain("conv7_1");
        expect(message).toContain("conv1_1");
        const iteration = await view.evaluate((it) => it.iteration);
        await page.waitForFunction((it, then) => it.iteration > then, {}, view, iteration);
        expect(await view.evaluate((it) => it.recipe?.objective)).toBe(objective);
      });

      // The last: a class has settings of its own, by which the run soon ends.
      it("finds a class by typing, however it is spelt, and puts it into the address", async () => {
        await (await find(page, "input[value=class]")).evaluate((it) => it.click());
        const field = await find(page, "input[role=combobox]");
        await field.click();
        await field.type("schol bus");
        expect(await text(page, "li.none")).toBe("Nothing is called that. The nearest:");
        await page.keyboard.press("Enter");
        await page.waitForFunction((it) => it.recipe?.objective.includes("school bus"), {}, view);
        expect(await page.evaluate(() => location.hash)).toContain("school+bus");
      });
    });

    it("turns a transparent picture opaque by its switch, and stops paying for opacity", async () => {
      const { page, complaints } = await open(
        "#objective=channel%3Arelu2_1%3A3+-+2*alpha&alpha=on&size=32&iterations=100000",
      );
      const view = await running(page);
      expect(await view.evaluate((it) => it.recipe?.alpha)).toBe(true);
      await (await find(page, "[data-field=alpha] wa-switch")).evaluate((it) => it.click());
      await page.waitForFunction((it) => it.recipe?.alpha === false, {}, view);
      expect(await view.evaluate((it) => it.recipe?.objective)).toBe("channel:relu2_1:3");
      expect(await page.evaluate(() => location.hash)).toContain("alpha=off");
      expect(complaints).toEqual([]);
      await page.close();
    });

    it("says of an objective that stays 0 that it does, why, and what to try", async () => {
      // At the mean colour the channel's input is its bias, which is below 0, and its gradient is 0.
      const { page, complaints } = await open(
        "#objective=channel:relu1_1:3&redirect=off&transforms=none&size=32&iterations=100000",
      );
      await running(page);
      const remark = await find(page, ".remark");
      expect(await remark.evaluate((it) => it.textContent)).toMatch(
        /^channel:relu1_1:3 stayed 0: no unit in it ever fires, .*; try to start from noise, .*\.$/,
      );
      expect(complaints).toEqual([]);
      await page.close();
    });

    it("takes a recipe by name, and knows it again", async () => {
      const { page, complaints } = await open("#objective=channel:relu1_1:3&size=16&seed=1");
      const choice = await find<HTMLInputElement>(page, "[name=preset][value=cs231n]");
      await choice.evaluate((it) => it.click());
      const view = await find<AscentView>(page, "ascent-view");
      await page.waitForFunction((it) => it.recipe?.optimizer === "normalized", {}, view);
      const { objective, l2, jitter, clamp } = (await view.evaluate((it) => it.recipe)) ?? {};
      const expected = { objective: "channel:relu1_1:3", l2: 1e-3, jitter: 16, clamp: true };
      expect({ objective, l2, jitter, clamp }).toEqual(expected);
      expect(await choice.evaluate((it) => it.checked)).toBe(true);
      expect(await text(page, "#says")).toContain("Stanford CS231n");
      expect(await text(page, ".step")).toBe("x ← clamp(x + 5.65·g/‖g‖)");
      expect(complaints).toEqual([]);
      await page.close();
    });

    it("reads a hostile link as text and clamps its numbers", async () => {
      const { page, complaints } = await open(
        "#objective=%3Cimg%20src%3Dx%20onerror%3D%22window.hit%3D1%22%3E&size=0x0&lr=1e999&seed=-7&iterations=NaN&batch=9999&file=%3Cb%3E",
      );
      const message = await find(page, ".error");
      expect(await message.evaluate((it) => it.textContent)).toContain("<img");
      const found = await page.evaluate(() => {
        const page = document.querySelector("ascent-page")?.shadowRoot;
        const stage = page?.querySelector("page-stage")?.shadowRoot;
        const view = stage?.querySelector("ascent-view");
        return {
          hit: "hit" in window,
          images: page?.querySelectorAll("img").length,
          size: view?.size,
          seed: view?.seed,
          lr: view?.lr,
        };
      });
      expect(found).toEqual({ hit: false, images: 0, size: "1x1", seed: 0, lr: 1e9 });
      expect(complaints).toEqual([]);
      await page.close();
    });

    it("says what is missing and what to do where there is no WebGPU", async () => {
      const { page } = await open("", () => {
        Object.defineProperty(Navigator.prototype, "gpu", { get: () => undefined });
      });
      const message = await find(page, ".failure");
      const words = await message.evaluate((it) => it.textContent);
      expect(words).toContain("WebGPU");
      expect(words).toMatch(name === "firefox" ? /about:config/ : /version 113/);
      await page.close();
    });

    it("starts from a photograph dropped on it, and copies the link to the rest of the recipe", async () => {
      // A rate of zero leaves the start as it is.
      const { page } = await open(`${SMALL}&lr=0`);
      const view = await running(page);
      expect(await variety(view)).toBeLessThan(8);
      await drop(page, ".github/classes.png");
      await page.waitForFunction((it) => it.recipe?.init === "photo" && it.state === "running", {}, view);
      expect(await variety(view)).toBeGreaterThan(30);
      expect(await text(page, ".file span")).toBe("classes.png");
      await page.evaluate(() => {
        const write = navigator.clipboard.writeText.bind(navigator.clipboard);
        navigator.clipboard.writeText = async (link) => {
          await write(link);
          Object.assign(window, { copied: link });
        };
      });
      await (await find(page, "button[aria-label^=Copy]")).click();
      await page.waitForFunction(() => "copied" in window);
      const [copied, address] = await page.evaluate(() => [
        (window as unknown as { copied: string }).copied,
        location.href,
      ]);
      expect(copied).toBe(address);
      expect(await text(page, ".notice")).toBe("Link copied, without the photograph");
      await page.close();
    });

    // The controls are the same in both browsers, and every stack proves the kernels; here the quicker one compiles.
    it.runIf(name === "firefox")(
      "draws images that have frequencies in common, and saves a CPPN at another size",
      async () => {
        const { page, complaints } = await open(
          "#objective=channel%3Arelu1_1%3A3&size=16&iterations=100000&param=laplacian&blur=0&init=noise&lr=0.001",
        );
        const view = await running(page);
        const write = async (field: string, text: string): Promise<void> => {
          const input = await find<HTMLInputElement>(page, field);
          await input.evaluate((it) => it.select());
          await input.type(text);
          await page.keyboard.press("Enter");
        };
        await (await find(page, "page-recipe summary")).click();
        await write("page-number[label=Images] #number", "3");
        // Every frequency that there is: three images from three starts must be one.
        await write("page-number[note^=frequencies] #number", "2048");
        await page.waitForFunction((it) => it.recipe?.share === 2048 && it.iteration > 0, {}, view);
        const [varied, same] = await view.evaluate(async (it) => {
          const rgb = await it.readImage();
          const size = rgb.length / 3;
          return [new Set(rgb.subarray(0, size)).size, rgb.every((x, i) => x === rgb[i % size])] as const;
        });
        expect(varied).toBeGreaterThan(500);
        expect(same).toBe(true);
        expect(await page.evaluate(() => location.hash)).toMatch(/batch=3&.*share=2048/);

        await (await find<HTMLSelectElement>(page, "select#param")).select("cppn");
        await page.waitForFunction((it) => it.recipe?.param === "cppn" && it.iteration > 0, {}, view);
        expect(await view.evaluate((it) => it.recipe?.share)).toBe(0);
        await view.evaluate((it) => it.pause());
        await write("page-size[label^=Saved] #size", "24x40");
        const { width, height } = await savedPng(page);
        // Three images hang in two columns.
        expect([width, height]).toEqual([2 * 40, 2 * 24]);
        expect(complaints).toEqual([]);
        await page.close();
      },
    );

    it("measures on its bench, copies what it measured, and remembers a tuning", async () => {
      const { page, complaints } = await open(BENCH);
      await page.evaluate(() => {
        const write = navigator.clipboard.writeText.bind(navigator.clipboard);
        navigator.clipboard.writeText = async (text) => {
          await write(text);
          Object.assign(window, { copied: text });
        };
      });
      // Tuning itself is shown on every stack; here it is the button and the storage, in one browser.
      const tunes = name === "chromium";
      await (await find(page, tunes ? "button.tune" : "button.primary")).click();
      const cells = await find(page, "tbody tr");
      const words = await cells.evaluate((row) => [...row.children].map((cell) => cell.textContent?.trim()));
      expect(words.slice(0, 2)).toEqual(["channel:conv1_1:3", "32 × 32"]);
      for (const figure of words.slice(2)) expect(Number(figure)).toBeGreaterThan(0);
      await (await find(page, "button.copy:enabled")).click();
      await page.waitForFunction(() => "copied" in window);
      const copied = await page.evaluate(() => (window as unknown as { copied: string }).copied);
      expect(JSON.parse(copied)).toEqual([
        expect.objectContaining({
          spec: "channel:conv1_1:3",
          runtime: "browser",
          size: [32, 32],
          iterations: 4,
        }),
      ]);
      const tunings = await page.evaluate(() =>
        Object.keys(localStorage).filter((key) => key.startsWith("webgpu-ascent kernels")),
      );
      expect(tunings).toHaveLength(tunes ? 1 : 0);
      expect(complaints).toEqual([]);
      await page.close();
    });

    /** Text of the first element anywhere on the page, open shadow roots included. */
    async function text(page: Page, selector: string): Promise<string> {
      const element = await find(page, `${selector}`);
      return (await element.evaluate((it) => it.textContent?.replace(/\s+/g, " ").trim())) ?? "";
    }
  });
}
