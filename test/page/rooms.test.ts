/** The rooms below the picture of the built page, in real browsers: the wall of channels, and what is made of a photograph. */
import type { Browser, ElementHandle, Page } from "puppeteer";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ChannelWall } from "../../src/page/channel-wall.ts";
import type { CompareRoom } from "../../src/page/compare-room.ts";
import type { PhotoRoom } from "../../src/page/photo-room.ts";
import { launch } from "../stacks/browser.ts";
import { stackEnvironment, wantedStacks } from "../stacks/environment.ts";
import { type Server, startBuiltServer } from "../stacks/server.ts";

const TIMEOUT = 120_000;
/** The picture itself rests, so that the rooms have the software adapter for themselves. */
const HASH = "#objective=channel%3Arelu1_1%3A3&size=16&iterations=1";

for (const name of ["chromium", "firefox"] as const) {
  const environment = stackEnvironment(name);
  const skip = !environment.available || !wantedStacks().includes(name);

  describe.skipIf(skip)(`the rooms in ${name}`, { timeout: TIMEOUT }, () => {
    let browser: Browser;
    let server: Server;
    let page: Page;

    beforeAll(async () => {
      server = await startBuiltServer();
      browser = await launch(name);
      page = await browser.newPage();
      page.setDefaultTimeout(TIMEOUT);
      await page.setViewport({ width: 1280, height: 900 });
      await page.goto(`${server.url}/${HASH}`);
    }, TIMEOUT);

    afterAll(async () => {
      await browser?.close();
      await server?.close();
    }, TIMEOUT);

    /** A room once the network has arrived in it. */
    async function room<Room extends HTMLElement>(tag: string): Promise<ElementHandle<Room>> {
      const handle = await page.waitForFunction(
        (wanted) => {
          const found = document.querySelector("ascent-page")?.shadowRoot?.querySelector(wanted);
          return found?.shadowRoot?.querySelector("select option") ? found : undefined;
        },
        {},
        tag,
      );
      return handle as unknown as ElementHandle<Room>;
    }

    it("hangs the channels of a layer, and opens one", async () => {
      const wall = await room<ChannelWall>("page-wall");
      const cells = await wall.evaluate((it) => it.shadowRoot!.querySelectorAll(".cell").length);
      expect(cells).toBe(32);
      await wall.evaluate((it) => it.shadowRoot!.querySelector<HTMLElement>(".bar button")!.click());
      // Stopped as soon as there are some: the others are left to draw.
      await page.waitForFunction(
        (it) => {
          const some = /^(8|16|24) of/.test(it.shadowRoot!.querySelector(".count")!.textContent!.trim());
          if (some) it.shadowRoot!.querySelector<HTMLElement>(".bar button")!.click();
          return some;
        },
        {},
        wall,
      );
      const colours = await wall.evaluate((it) =>
        [...it.shadowRoot!.querySelectorAll("canvas")].map((canvas) => {
          const { data } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
          return new Set(new Uint32Array(data.buffer)).size;
        }),
      );
      expect(colours.slice(0, 8).filter((count) => count > 20).length).toBeGreaterThan(4);
      expect(colours.at(-1)).toBe(1);
      expect(
        await wall.evaluate((it) => it.shadowRoot!.querySelector(".bar button")!.textContent!.trim()),
      ).toBe("Go on");
      // By keys: two to the right of the first, and open.
      await wall.evaluate((it) => it.shadowRoot!.querySelector<HTMLElement>(".cell")!.focus());
      await page.keyboard.press("ArrowRight");
      await page.keyboard.press("ArrowRight");
      await page.keyboard.press("Enter");
      await page.waitForFunction(() => location.hash.includes("relu1_1%3A2"));
      const pressed = await wall.evaluate((it) =>
        it.shadowRoot!.querySelector('[aria-pressed="true"]')!.textContent!.trim(),
      );
      expect(pressed).toBe("2");
    });

    it("draws two recipes of one subject side by side", async () => {
      const compare = await room<CompareRoom>("page-compare");
      const pick = (side: number, recipe: string) =>
        compare.evaluate(
          (it, at, value) => {
            const select = it.shadowRoot!.querySelector<HTMLSelectElement>(`#recipe-${at}`)!;
            select.value = value;
            select.dispatchEvent(new Event("change"));
          },
          side,
          recipe,
        );
      await pick(0, "tfjs");
      await pick(1, "simonyan2013");
      await page.waitForFunction(
        (it) => it.shadowRoot!.querySelector("button:enabled") !== null,
        {},
        compare,
      );
      await compare.evaluate((it) => it.shadowRoot!.querySelector("button")!.click());
      await compare.evaluate((it) => it.scrollIntoView());
      await page.waitForFunction(
        (it) => {
          const views = [...it.shadowRoot!.querySelectorAll("ascent-view")];
          return views.length === 2 && views.every((view) => view.iteration > 2);
        },
        {},
        compare,
      );
      const drawn = await compare.evaluate((it) =>
        [...it.shadowRoot!.querySelectorAll("ascent-view")].map((view) => view.recipe),
      );
      const same = { objective: drawn[0]?.objective, size: [16, 16] };
      expect(drawn).toEqual([
        expect.objectContaining({ ...same, optimizer: "rms", init: "noise", clamp: true }),
        expect.objectContaining({ ...same, optimizer: "sgd", init: "zeros", l2: 1e-4 }),
      ]);
      await compare.evaluate((it) => it.shadowRoot!.querySelector("button")!.click());
      await page.waitForFunction((it) => !it.shadowRoot!.querySelector("ascent-view"), {}, compare);
    });

    it("makes a saliency map of a photograph, and says what it cannot read", async () => {
      const photo = await room<PhotoRoom>("page-photo");
      const give = (path: string, type: string) =>
        photo.evaluate(
          async (it, from, kind) => {
            const file = new File(
              [await (await fetch(`/asset?path=${from}`)).blob()],
              from.split("/").at(-1)!,
              {
                type: kind,
              },
            );
            it.dispatchEvent(new CustomEvent("photo", { detail: file }));
          },
          path,
          type,
        );
      await give(".github/classes.png", "image/png");
      await page.waitForFunction((it) => it.photo !== undefined, {}, photo);
      const button = ".make:not([disabled])";
      await page.waitForFunction(
        (it, selector) => it.shadowRoot!.querySelector(selector) !== null,
        {},
        photo,
        button,
      );
      await photo.evaluate(
        (it, selector) => it.shadowRoot!.querySelector<HTMLElement>(selector)!.click(),
        button,
      );
      await page.waitForFunction(
        (it) => it.shadowRoot!.querySelectorAll("figcaption")[1]!.textContent!.includes("Saliency"),
        {},
        photo,
      );
      const greys = await photo.evaluate((it) => {
        const canvas = it.shadowRoot!.querySelector<HTMLCanvasElement>("#made")!;
        const { data } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
        return new Set(data.filter((_, i) => i % 4 === 0)).size;
      });
      expect(greys).toBeGreaterThan(20);
      await photo.evaluate(async (it) => {
        const files = new DataTransfer();
        for (const name of ["recipe.png", "alpha.png", "classes.png"]) {
          const picture = await (await fetch(`/asset?path=.github/${name}`)).blob();
          files.items.add(new File([picture], name, { type: "image/png" }));
        }
        const input = it.shadowRoot!.querySelector<HTMLInputElement>("input[type=file]")!;
        input.files = files.files;
        input.dispatchEvent(new Event("change"));
        const select = it.shadowRoot!.querySelector<HTMLSelectElement>("#method")!;
        select.value = "examples";
        select.dispatchEvent(new Event("change"));
      });
      await page.waitForFunction(
        (it) => it.shadowRoot!.querySelector("figcaption")!.textContent === "recipe.png and 2 more",
        {},
        photo,
      );
      await photo.evaluate(
        (it, selector) => it.shadowRoot!.querySelector<HTMLElement>(selector)!.click(),
        button,
      );
      const caption = () =>
        photo.evaluate((it) => it.shadowRoot!.querySelectorAll("figcaption")[1]!.textContent!);
      await page.waitForFunction(
        (it) => it.shadowRoot!.querySelectorAll("figcaption")[1]!.textContent!.includes("Examples"),
        {},
        photo,
      );
      const names = (await caption()).split(": ")[1]!.split(", ");
      expect(names.toSorted()).toEqual(["alpha.png", "classes.png", "recipe.png"]);
      // Three pairs of an image and its patch, in two columns.
      const sheet = await photo.evaluate((it) => {
        const { width, height } = it.shadowRoot!.querySelector<HTMLCanvasElement>("#made")!;
        return [width, height];
      });
      expect(sheet).toEqual([2 * (2 * (96 + 3) + 3), 2 * (96 + 6)]);
      await photo.evaluate((it) => {
        const select = it.shadowRoot!.querySelector<HTMLSelectElement>("#method")!;
        select.value = "classify";
        select.dispatchEvent(new Event("change"));
      });
      await photo.evaluate(
        (it, selector) => it.shadowRoot!.querySelector<HTMLElement>(selector)!.click(),
        button,
      );
      const seen = await page.waitForFunction(
        (it) => {
          const rows = it.shadowRoot!.querySelector("page-ranked")?.shadowRoot?.querySelectorAll("li") ?? [];
          return rows.length > 0 && [...rows].map(({ textContent }) => textContent!.trim());
        },
        {},
        photo,
      );
      const rows = (await seen.jsonValue()) as string[];
      expect(rows).toHaveLength(5);
      for (const row of rows) expect(row).toMatch(/\d %, score -?\d+\.\d\d/);
      await give("README.md", "image/png");
      await page.waitForFunction((it) => it.shadowRoot!.querySelector('[role="alert"]') !== null, {}, photo);
      const message = await photo.evaluate(
        (it) => it.shadowRoot!.querySelector('[role="alert"]')!.textContent!,
      );
      expect(message).toContain("expected a picture this browser can decode");
    });
  });
}
