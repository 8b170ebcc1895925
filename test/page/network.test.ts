/** Opening a network of one's own on the built page, in real browsers: what it asks, what a link keeps, what it refuses. */
import { AxePuppeteer } from "@axe-core/puppeteer";
import type { Browser, ElementHandle, Page } from "puppeteer";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AscentView } from "../../src/element/ascent-view.ts";
import { writeSafetensors } from "../../src/model/safetensors.ts";
import type { PhotoRoom } from "../../src/page/photo-room.ts";
import { featureShapes, fill, withLinear } from "../model/checkpoints.ts";
import { launch } from "../stacks/browser.ts";
import { stackEnvironment, wantedStacks } from "../stacks/environment.ts";
import { type Server, startBuiltServer } from "../stacks/server.ts";
import { find } from "../support/find.ts";

const TIMEOUT = 120_000;

/** As courses save it: convolutions without padding, and a head that takes 64 to 67 pixels. It says nothing of its pixels. */
const COURSE = [
  ...writeSafetensors(
    fill(withLinear(featureShapes([4, 4, "M", 4, 4, "M"]), "classifier.1", [3, 4 * 13 * 13])),
  ),
];

for (const name of ["chromium", "firefox"] as const) {
  const environment = stackEnvironment(name);
  const skip = !environment.available || !wantedStacks().includes(name);

  describe.skipIf(skip)(`a network of one's own on the page in ${name}`, { timeout: TIMEOUT }, () => {
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
      await opened();
      await running("");
    }, TIMEOUT);

    afterAll(async () => {
      await browser?.close();
      await server?.close();
    }, TIMEOUT);

    async function opened(): Promise<void> {
      view = await find<AscentView>(page, "ascent-view");
      await find(page, "page-model");
    }

    /** Until it draws with the file of that name; the embedded network has none. */
    async function running(fileName: string): Promise<void> {
      await page.waitForFunction(
        (it, wanted) =>
          (it.model instanceof File ? it.model.name : "") === wanted &&
          ["running", "finished"].includes(it.state) &&
          it.iteration > 1,
        {},
        view,
        fileName,
      );
    }

    async function drop(fileName: string, bytes: readonly number[], type = ""): Promise<void> {
      await page.evaluate(
        (called, data, kind) => {
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File([new Uint8Array(data)], called, { type: kind }));
          window.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
        },
        fileName,
        bytes as number[],
        type,
      );
    }

    async function gone(selector: string): Promise<void> {
      await page.waitForFunction(
        (wanted) => {
          const stage = document.querySelector("ascent-page")?.shadowRoot?.querySelector("page-stage");
          return stage?.shadowRoot?.querySelector(wanted) === null;
        },
        {},
        selector,
      );
    }

    const textOf = async (selector: string): Promise<string> =>
      (await find(page, selector)).evaluate((it) => (it.textContent ?? "").replace(/\s+/g, " ").trim());
    const hash = () => page.evaluate(() => location.hash);

    it("asks in place of the picture how the pixels are, with the likely answer first, and axe finds nothing", async () => {
      await drop("course.safetensors", COURSE);
      const question = await find(page, "page-question");
      expect(await textOf("page-question h3")).toBe("How does this network want its pixels?");
      const answers = await question.evaluate((it) =>
        [...it.shadowRoot!.querySelectorAll(".answers button")].map((one) => one.textContent?.trim()),
      );
      expect(answers).toHaveLength(4);
      expect(answers[0]).toMatch(/^RGB 0–1/);
      // What ran runs on.
      expect(await view.evaluate((it) => it.model)).toBeTypeOf("string");
      const { violations } = await new AxePuppeteer(page).analyze();
      expect(violations).toEqual([]);
    });

    it("takes an answer by one click, and the settings, subject and size of that network", async () => {
      await (await find(page, "page-question .answers button")).evaluate((it) => (it as HTMLElement).click());
      await running("course.safetensors");
      await gone("page-question");
      const recipe = await view.evaluate((it) => it.recipe);
      expect(recipe).toMatchObject({ objective: "class:0", size: [64, 64], coarse: 0, clamp: true });
      expect(await hash()).toMatch(/file=course\.safetensors&network=[0-9a-f]{12}&read-preprocess=unit/);
      expect(await textOf("page-model .assumed")).toContain("padding 0, 64×64 images");
    });

    it("says over the picture that the file of a link is not here, and reads it as the link says", async () => {
      await page.reload();
      expect(await textOf("page-missing-file h3")).toBe("This picture is of course.safetensors");
      expect(await hash()).toContain("file=course.safetensors");
      await opened();
      await drop("course.safetensors", COURSE);
      await running("course.safetensors");
      await gone("page-missing-file");
      expect(await view.evaluate((it) => it.preprocess)).toBe("unit");
    });

    it("opens a file that is remembered after a reload, until it is forgotten", async () => {
      const remember = async () =>
        (await find(page, ".remember input:not([disabled])")).evaluate((it) => (it as HTMLElement).click());
      const isRemembered = (wanted: boolean) =>
        page.waitForFunction(
          (expected) => {
            const picker = document.querySelector("ascent-page")?.shadowRoot?.querySelector("page-model");
            return picker?.isRemembered === expected;
          },
          {},
          wanted,
        );
      await remember();
      await isRemembered(true);
      await page.reload();
      await opened();
      await running("course.safetensors");
      await isRemembered(true);
      await remember();
      await isRemembered(false);
      await page.reload();
      await find(page, "page-missing-file");
      await opened();
      await drop("course.safetensors", COURSE);
      await running("course.safetensors");
    });

    it("works on a photograph, and hangs channels, at sizes that it takes", async () => {
      const photo = (await find(page, "page-photo")) as ElementHandle<PhotoRoom>;
      await page.waitForFunction((it) => it.network?.classes.length === 0, {}, photo);
      await photo.evaluate(async (it) => {
        const picture = await (await fetch("/asset?path=.github/classes.png")).blob();
        const detail = new File([picture], "classes.png", { type: "image/png" });
        it.dispatchEvent(new CustomEvent("photo", { detail }));
      });
      await (await find(page, "page-photo .make:not([disabled])")).evaluate((it) =>
        (it as HTMLElement).click(),
      );
      const made = await page.waitForFunction(
        (it) => {
          const alert = it.shadowRoot!.querySelector('[role="alert"]')?.textContent;
          const canvas = it.shadowRoot!.querySelector<HTMLCanvasElement>("#made")!;
          const caption = it.shadowRoot!.querySelectorAll("figcaption")[1]!.textContent!;
          return alert ?? (caption.includes("Saliency") && [canvas.width, canvas.height]);
        },
        {},
        photo,
      );
      expect(await made.jsonValue()).toEqual([64, 64]);
      await (await find(page, "page-wall .bar button")).evaluate((it) => (it as HTMLElement).click());
      await page.waitForFunction(
        (it) => it.shadowRoot!.querySelector(".count")!.textContent!.trim() === "4 of 4",
        {},
        await find(page, "page-wall"),
      );
    });

    it("names the classes by a list that is dropped, and says where it does not fit", async () => {
      const text = (it: string) => [...new TextEncoder().encode(it)];
      await drop("labels.txt", text("one\ntwo"));
      expect(await textOf("page-stage .failure")).toContain(
        "labels.txt: names 2 classes, and the network has 3",
      );
      await drop("labels.txt", text("pizza\nsteak\nsushi\n"));
      await page.waitForFunction((it) => it.network?.classes.join() === "pizza,steak,sushi", {}, view);
      await gone(".failure");
      expect(await view.evaluate((it) => (it.model as File).name)).toBe("course.safetensors");
    });

    it("leaves what runs alone where a file is no network, and keeps saying so until it is closed", async () => {
      await drop("notes.bin", [...new TextEncoder().encode("no weights")]);
      expect(await textOf("page-stage .failure")).toContain("notes.bin");
      expect(await view.evaluate((it) => (it.model as File).name)).toBe("course.safetensors");
      await view.evaluate((it) => it.reset());
      // A new plan, and with it another `ascent-ready`.
      await view.evaluate((it) => {
        const heard = new Promise((resolve) => it.addEventListener("ascent-ready", resolve, { once: true }));
        it.seed += 1;
        return heard.then(() => undefined);
      });
      expect(await textOf("page-stage .failure")).toContain("notes.bin");
      await (await find(page, "page-stage .failure button")).evaluate((it) => (it as HTMLElement).click());
      await gone(".failure");
    });

    it("opens an address, keeps it on this computer, and asks before it gets one of a link", async () => {
      const address = new URL("/asset?path=weights/ascent-vgg.safetensors", server.url).href;
      const field = await find(page, "page-address #address");
      await field.evaluate((it, text) => {
        (it as HTMLInputElement).value = text;
        (it as HTMLInputElement).form?.requestSubmit();
      }, address);
      const drawing = () =>
        page.waitForFunction(
          (it, wanted) => it.model === wanted && it.cache && ["running", "finished"].includes(it.state),
          {},
          view,
          address,
        );
      await drawing();
      expect(decodeURIComponent(await hash())).toContain(`file=${address}`);
      expect(await textOf("page-address details+details")).toContain("/asset");
      await page.reload();
      await opened();
      await drawing();
      await (await find(page, "page-address details+details button")).evaluate((it) =>
        (it as HTMLElement).click(),
      );
      await page.waitForFunction(
        async () => (await (await caches.open("webgpu-ascent networks")).keys()).length === 0,
      );
      await page.reload();
      expect(await textOf("page-missing-file button.primary")).toBe(
        `Get it from ${new URL(server.url).host}`,
      );
      await opened();
      expect(await view.evaluate((it) => it.model)).not.toBe(address);
      await (await find(page, "page-missing-file button.primary")).evaluate((it) =>
        (it as HTMLElement).click(),
      );
      await drawing();
    });

    it("leaves what runs alone where a picture cannot be read", async () => {
      await drop("broken.png", [1, 2, 3], "image/png");
      expect(await textOf("page-stage .failure")).toContain("picture");
      expect(await view.evaluate((it) => it.recipe?.init)).toBe("zeros");
      expect(await view.evaluate((it) => it.state)).not.toBe("failed");
      await (await find(page, "page-stage .failure button")).evaluate((it) => (it as HTMLElement).click());
    });
  });
}
