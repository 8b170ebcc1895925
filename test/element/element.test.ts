/** `<ascent-view>` in real browsers, down to the pixels on its canvas. */
import { decode, encode } from "fast-png";
import type { Browser, ElementHandle, Page } from "puppeteer";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AscentView } from "../../src/element/ascent-view.ts";
import type { AscentErrorEvent } from "../../src/element/events.ts";
import { dashed, formatValue } from "../../src/optvis/field.ts";
import { defaultRecipe, type Recipe, recipeFieldNames } from "../../src/optvis/recipe.ts";
import { launch } from "../stacks/browser.ts";
import { stackEnvironment, wantedStacks } from "../stacks/environment.ts";
import { type Server, startServer } from "../stacks/server.ts";

const MODEL = "/weights/ascent-vgg.safetensors";
const OBJECTIVE = "channel:relu2_1:3";
const TIMEOUT = 180_000;

interface Devices {
  readonly live: number;
  readonly made: number;
}

/** Counts the GPU devices a page makes and destroys. */
function countDevices(): void {
  const counts = { live: 0, made: 0 };
  const request = GPUAdapter.prototype.requestDevice;
  GPUAdapter.prototype.requestDevice = async function (...args) {
    const device = await request.apply(this, args);
    counts.live++;
    counts.made++;
    return device;
  };
  const destroy = GPUDevice.prototype.destroy;
  GPUDevice.prototype.destroy = function () {
    counts.live--;
    return destroy.apply(this);
  };
  Object.assign(window, { devices: counts });
}

for (const name of ["chromium", "firefox"] as const) {
  const environment = stackEnvironment(name);
  const skip = !environment.available || !wantedStacks().includes(name);

  describe.skipIf(skip)(`ascent-view in ${name}`, { timeout: TIMEOUT }, () => {
    let browser: Browser;
    let server: Server;
    let page: Page;
    const complaints: string[] = [];

    beforeAll(async () => {
      server = await startServer();
      browser = await launch(name);
      page = await browser.newPage();
      // A busy machine takes its time to compile for a software adapter.
      page.setDefaultTimeout(TIMEOUT);
      page.on("pageerror", (error) => complaints.push(String(error)));
      page.on("console", (message) => {
        if (message.type() === "error") complaints.push(message.text());
      });
      await page.goto(`${server.url}/test/element/view.html`);
      await page.waitForFunction(() => customElements.get("ascent-view") !== undefined);
      await page.evaluate(countDevices);
    }, TIMEOUT);

    afterAll(async () => {
      await browser?.close();
      await server?.close();
    }, TIMEOUT);

    /** Puts an element on the page, one canvas pixel a CSS pixel, and waits for a state. */
    async function hang(
      attributes: Readonly<Record<string, string>>,
      state: string,
    ): Promise<ElementHandle<AscentView>> {
      const handle = await page.evaluateHandle(
        (model, objective, given) => {
          const view = document.createElement("ascent-view");
          const all = { model, objective, size: "32", iterations: "6", scaling: "crisp", ...given };
          for (const [attribute, value] of Object.entries(all)) view.setAttribute(attribute, value);
          const [height, width] = all.size.includes("x") ? all.size.split("x") : [all.size, all.size];
          view.style.inlineSize = `${width}px`;
          view.style.blockSize = `${height}px`;
          view.addEventListener("ascent-step", (event) => {
            const seen = (view as { objectives?: number[] }).objectives ?? [];
            Object.assign(view, { objectives: [...seen, ...event.detail.objectives] });
          });
          document.body.append(view);
          return view;
        },
        MODEL,
        OBJECTIVE,
        attributes,
      );
      const view = handle as unknown as ElementHandle<AscentView>;
      await page.waitForFunction(
        (it, wanted) => it.state === wanted || it.state === "failed",
        {},
        view,
        state,
      );
      expect(await view.evaluate((it) => it.error?.message)).toBeUndefined();
      return view;
    }

    async function remove(...views: readonly ElementHandle<AscentView>[]): Promise<void> {
      for (const view of views) await view.evaluate((it) => it.remove());
    }

    /** RGB bytes of what the person sees. */
    async function seen(view: ElementHandle<AscentView>): Promise<number[]> {
      return rgb(await view.screenshot({ type: "png" }));
    }

    /** RGB bytes of the file the element makes. */
    async function saved(view: ElementHandle<AscentView>): Promise<number[]> {
      const bytes = await view.evaluate(async (it) => [
        ...new Uint8Array(await (await it.toBlob()).arrayBuffer()),
      ]);
      return rgb(new Uint8Array(bytes));
    }

    it("hangs the zero image: the mean colour of the preprocessing in every pixel", async () => {
      const view = await hang({ paused: "", size: "24x40" }, "paused");
      const mean = [0.485, 0.456, 0.406].map((value) => Math.round(255 * value));
      const expected = Array.from({ length: 24 * 40 }, () => mean).flat();
      expect(await seen(view)).toEqual(expected);
      expect(await saved(view)).toEqual(expected);
      await remove(view);
    });

    it("climbs, and shows and saves the same picture", async () => {
      const view = await hang({ lr: "0.01" }, "finished");
      expect(await view.evaluate((it) => it.iteration)).toBe(6);
      const objectives = await view.evaluate((it) => (it as unknown as { objectives: number[] }).objectives);
      expect(objectives).toHaveLength(6);
      expect(objectives.at(-1)).toBeGreaterThan(objectives[0] as number);
      const picture = await saved(view);
      expect(new Set(picture).size).toBeGreaterThan(20);
      expect(await seen(view)).toEqual(picture);
      await remove(view);
    });

    it("lets the page shine through where it is transparent, and saves its opacity", async () => {
      const view = await hang({ alpha: "", lr: "0.1" }, "finished");
      const bytes = await view.evaluate(async (it) => [
        ...new Uint8Array(await (await it.toBlob()).arrayBuffer()),
      ]);
      const { data, channels } = decode(new Uint8Array(bytes));
      expect(channels).toBe(4);
      const opacity = data.filter((_, i) => i % 4 === 3);
      const exact = await view.evaluate(async (it) => [...((await it.readAlpha()) ?? [])]);
      expect([...opacity]).toEqual(exact.map((a) => Math.round(255 * a)));
      expect(new Set(opacity).size).toBeGreaterThan(20);
      const shown = await seen(view);
      for (const [i, value] of shown.entries()) {
        const a = opacity[Math.floor(i / 3)]! / 255;
        const over = a * data[4 * Math.floor(i / 3) + (i % 3)]! + (1 - a) * 255;
        // The page is white; colour and opacity were rounded before they met it, on the canvas and in the file.
        expect(Math.abs(value - over)).toBeLessThan(2.5);
      }
      await remove(view);
    });

    it("shows and saves a picture standardised, around grey with one deviation", async () => {
      const view = await hang({ standardize: "", lr: "0.01", batch: "2", size: "32" }, "finished");
      const image = await view.evaluate(async (it) => [...(await it.readImage())]);
      const picture = await saved(view);
      for (let n = 0; n < 2; n++) {
        const rgb = image.slice(n * 3072, (n + 1) * 3072);
        const mean = rgb.reduce((sum, x) => sum + x, 0) / 3072;
        const deviation = Math.sqrt(rgb.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 3072);
        rgb.forEach((x, i) => {
          const [colour, y, column] = [Math.floor(i / 1024), Math.floor((i % 1024) / 32), i % 32];
          const level = 255 * Math.min(1, Math.max(0, 0.5 + (0.15 * (x - mean)) / (deviation + 5e-6)));
          expect(Math.abs(picture[3 * (64 * y + 32 * n + column) + colour]! - level)).toBeLessThan(0.51);
        });
      }
      // Two images are on the canvas side by side, which an element of one's size shows at half the scale.
      await view.evaluate((it) => {
        it.style.inlineSize = "64px";
      });
      const shown = await seen(view);
      expect(shown).toHaveLength(picture.length);
      for (const [i, value] of shown.entries()) expect(Math.abs(value - picture[i]!)).toBeLessThanOrEqual(1);
      await remove(view);
    });

    it("begins as transparent as a transparent photograph is", async () => {
      const size = { width: 8, height: 8, channels: 4, depth: 8 } as const;
      const opacity = Array.from({ length: 64 }, (_, i) => 4 * i);
      const png = encode({ ...size, data: Uint8Array.from(opacity.flatMap((a) => [255, 0, 0, a])) });
      const view = await hang({ alpha: "", size: "8", paused: "" }, "paused");
      await view.evaluate(
        (it, bytes) => {
          it.init = new Blob([Uint8Array.from(bytes)], { type: "image/png" });
        },
        [...png],
      );
      await page.waitForFunction((it) => it.recipe?.init === "photo" && it.state === "paused", {}, view);
      const exact = await view.evaluate(async (it) => [...((await it.readAlpha()) ?? [])]);
      expect(exact.map((a) => Math.round(255 * a))).toEqual(opacity);
      await remove(view);
    });

    it("draws the same bits from the same recipe, two elements at once, and others from another", async () => {
      const views = await Promise.all([
        hang({ jitter: "2", seed: "5" }, "finished"),
        hang({ jitter: "2", seed: "5" }, "finished"),
        hang({ jitter: "2", seed: "6" }, "finished"),
      ]);
      const images = await Promise.all(
        views.map((view) => view.evaluate(async (it) => [...(await it.readImage())])),
      );
      expect(images[1]).toEqual(images[0]);
      expect(images[2]).not.toEqual(images[0]);
      await remove(...views);
    });

    it("steps, resets and goes on", async () => {
      const view = await hang({ paused: "" }, "paused");
      const start = await saved(view);
      await view.evaluate(async (it) => {
        await it.step();
        await it.step();
      });
      expect(await view.evaluate((it) => [it.iteration, it.state])).toEqual([2, "paused"]);
      expect(await saved(view)).not.toEqual(start);
      await view.evaluate((it) => it.reset());
      expect(await view.evaluate((it) => it.iteration)).toBe(0);
      expect(await saved(view)).toEqual(start);
      await view.evaluate((it) => it.start());
      await page.waitForFunction((it) => it.state === "finished", {}, view);
      await view.evaluate((it) => it.start());
      await page.waitForFunction((it) => it.state === "finished" && it.iteration === 12, {}, view);
      await remove(view);
    });

    it("tells of every iteration, also of those under way when it is paused", async () => {
      const view = await hang({ iterations: "100000" }, "running");
      await page.waitForFunction((it) => it.iteration > 20, {}, view);
      await view.evaluate((it) => it.pause());
      await view.evaluate((it) => it.step());
      const [told, made] = await view.evaluate((it) => [
        (it as unknown as { objectives: number[] }).objectives.length,
        it.iteration,
      ]);
      expect(told).toBe(made);
      await remove(view);
    });

    it("keeps its picture when the objective does not exist, and recovers", async () => {
      const view = await hang({}, "finished");
      const before = await saved(view);
      const told = await view.evaluate(
        (it) =>
          new Promise<{ concern: string; message: string; remedy: string | undefined }>((resolve) => {
            it.addEventListener("ascent-error", (event: AscentErrorEvent) => {
              const { message, remedy } = event.detail;
              resolve({ concern: event.concern, message, remedy });
            });
            it.objective = "channel:conv9_9:0";
          }),
      );
      expect(told.concern).toBe("objective");
      expect(told.message).toContain("conv9_9");
      expect(told.remedy).toContain("conv1_1");
      expect(await saved(view)).toEqual(before);
      expect(await seenAbove(view)).toContain("conv9_9");
      await view.evaluate((it) => {
        it.objective = "channel:relu1_1:0";
      });
      await page.waitForFunction((it) => it.state === "finished", {}, view);
      expect(await saved(view)).not.toEqual(before);
      await remove(view);
    });

    it("takes other weights of the same terms without starting again", async () => {
      const view = await hang({ objective: `${OBJECTIVE} - 2*tv`, iterations: "100000" }, "running");
      await page.waitForFunction((it) => it.iteration > 1, {}, view);
      const iteration = await view.evaluate((it, objective) => {
        it.objective = objective;
        return it.iteration;
      }, `0.5*${OBJECTIVE} - 0.1*tv`);
      await page.waitForFunction((it, then) => it.iteration > then, {}, view, iteration);
      expect(await view.evaluate((it) => it.recipe?.objective)).toBe(`0.5*${OBJECTIVE} - 0.1*tv`);
      await view.evaluate((it, objective) => {
        it.addEventListener("ascent-ready", () => Object.assign(window, { again: true }));
        it.objective = objective;
      }, OBJECTIVE);
      await page.waitForFunction(() => "again" in window);
      await remove(view);
    });

    it("takes another number of iterations without starting again, unless a zoom is planned for them", async () => {
      const view = await hang({ iterations: "100000" }, "running");
      await page.waitForFunction((it) => it.iteration > 1, {}, view);
      const iteration = await view.evaluate((it) => {
        it.iterations = it.iteration + 30;
        return it.iteration;
      });
      await page.waitForFunction((it) => it.state === "finished", {}, view);
      expect(await view.evaluate((it) => it.recipe?.iterations)).toBe(iteration + 30);
      // What was under way may have gone beyond it.
      expect(await view.evaluate((it) => it.iteration)).toBeGreaterThanOrEqual(iteration + 30);
      // From the start it makes as many, and no more.
      await view.evaluate((it) => it.reset());
      await page.waitForFunction((it) => it.state === "finished", {}, view);
      expect(await view.evaluate((it) => it.iteration)).toBe(iteration + 30);
      await view.evaluate((it) => {
        it.transforms = "zoom:0.3";
        it.iterations = 100000;
      });
      await page.waitForFunction((it) => it.recipe?.transforms === "zoom:0.3" && it.iteration > 3, {}, view);
      await view.evaluate((it) => {
        it.iterations = 6;
      });
      await page.waitForFunction((it) => it.recipe?.iterations === 6 && it.state === "finished", {}, view);
      expect(await view.evaluate((it) => it.iteration)).toBe(6);
      await remove(view);
    });

    it("has an attribute and a property for every field of a recipe", async () => {
      const recipe: Recipe = {
        ...defaultRecipe,
        ...{ objective: "class:1", size: [24, 40], batch: 2, init: "noise", param: "fourier", share: 1.5 },
        ...{ alpha: true, optimizer: "adam", lr: 0.5, l2: 1e-3, decay: 0.1, blur: 0.5, blurEvery: 2 },
        ...{ blurGradient: 0.25, clipNorm: 5, clipContribution: 6, jitter: 3, transforms: "pad:2" },
        ...{
          strength: 0.5,
          clamp: true,
          redirect: false,
          standardize: true,
          coarse: 4,
          seed: 7,
          iterations: 9,
        },
      };
      const attributes = recipeFieldNames
        .filter((field) => recipe[field] !== true)
        .map((field) => [dashed(field), formatValue(recipe[field])] as const);
      const switches = ["alpha", "clamp", "standardize"].map((name) => [name, ""] as const);
      const made = await page.evaluate(
        (given, whole, fields) => {
          const [byAttributes, byRecipe, plain] = [0, 1, 2].map(() => document.createElement("ascent-view"));
          for (const [name, value] of given) byAttributes!.setAttribute(name, value);
          byRecipe!.recipe = whole;
          return [byAttributes!, byRecipe!, plain!].map((view) =>
            Object.fromEntries(
              fields.map((field) => [field, view[field === "blur" ? "blurSigma" : field] as unknown]),
            ),
          );
        },
        [...attributes, ...switches],
        recipe,
        recipeFieldNames,
      );
      expect(made[0]).toEqual({ ...recipe, size: "24x40" });
      expect(made[1]).toEqual({ ...recipe, size: "24x40" });
      expect(made[2]).toEqual({ ...defaultRecipe, objective: "", size: "128" });
      const refused = await page.evaluate(() => {
        try {
          document.createElement("ascent-view").recipe = { itterations: 3 } as object;
          return "";
        } catch (error) {
          return String(error);
        }
      });
      expect(refused).toContain("did you mean iterations?");
    });

    it("takes a whole recipe: what is live goes on, everything else starts again", async () => {
      const view = await hang({ iterations: "100000" }, "running");
      await page.waitForFunction((it) => it.iteration > 1, {}, view);
      const iteration = await view.evaluate((it) => {
        it.recipe = { ...it.recipe, lr: 0.02, blur: 0.5, iterations: 90000 };
        return it.iteration;
      });
      await page.waitForFunction((it, then) => it.iteration > then, {}, view, iteration);
      expect(await view.evaluate((it) => it.recipe)).toMatchObject({
        lr: 0.02,
        blur: 0.5,
        iterations: 90000,
      });
      await view.evaluate((it) => {
        it.addEventListener("ascent-ready", () => Object.assign(window, { anew: true }));
        it.recipe = { ...it.recipe, seed: 9, lr: 0.03 };
      });
      await page.waitForFunction(() => "anew" in window);
      expect(await view.evaluate((it) => it.recipe)).toMatchObject({ seed: 9, lr: 0.03, blur: 0.5 });
      await remove(view);
    });

    it("rests while it is off screen", async () => {
      const view = await hang({ iterations: "100000" }, "running");
      await view.evaluate((it) => {
        document.body.style.blockSize = "9000px";
        it.style.marginBlockStart = "8000px";
      });
      await page.waitForFunction((it) => it.state === "hidden", {}, view);
      const wait = () => new Promise((resolve) => setTimeout(resolve, 400));
      // The submission in flight when it went away may still land.
      await wait();
      const iteration = await view.evaluate((it) => it.iteration);
      await wait();
      expect(await view.evaluate((it) => it.iteration)).toBe(iteration);
      await view.evaluate((it) => it.style.removeProperty("margin-block-start"));
      await page.waitForFunction(
        (it, then) => it.state === "running" && it.iteration > then,
        {},
        view,
        iteration,
      );
      await remove(view);
    });

    it("survives a hundred comings and goings without keeping a device", async () => {
      const view = await hang({ iterations: "100000" }, "running");
      await view.evaluate(async (it) => {
        for (let turn = 0; turn < 100; turn++) {
          it.remove();
          await new Promise((resolve) => setTimeout(resolve, turn % 4));
          document.body.append(it);
          // Every tenth time it comes far enough to load; otherwise it goes while still asking for a device.
          await new Promise((resolve) => setTimeout(resolve, turn % 10 === 0 ? 60 : turn % 3));
        }
      });
      await page.waitForFunction((it) => it.state === "running" && it.iteration > 0, {}, view);
      // A device that goes does so a moment after its last frame.
      await page.waitForFunction(() => (window as unknown as { devices: Devices }).devices.live === 1);
      await remove(view);
      await page.waitForFunction(() => (window as unknown as { devices: Devices }).devices.live === 0);
      expect(await view.evaluate((it) => [it.state, it.iteration])).toEqual(["empty", 0]);
    });

    it("keeps its run when it is only moved", async () => {
      const view = await hang({}, "finished");
      const { made } = await deviceCounts();
      await view.evaluate((it) => {
        const box = document.createElement("div");
        document.body.append(box);
        box.append(it);
      });
      expect(await view.evaluate((it) => it.iteration)).toBe(6);
      expect((await deviceCounts()).made).toBe(made);
      await remove(view);
    });

    it("said nothing on the console, under a strict content security policy", () => {
      expect(complaints).toEqual([]);
    });

    function deviceCounts(): Promise<Devices> {
      return page.evaluate(() => (window as unknown as { devices: Devices }).devices);
    }

    function seenAbove(view: ElementHandle<AscentView>): Promise<string> {
      return view.evaluate((it) => it.shadowRoot?.querySelector("[role=alert]")?.textContent ?? "");
    }
  });
}

/** RGB bytes of a PNG, alpha dropped. */
function rgb(png: Uint8Array): number[] {
  const { data, channels } = decode(png);
  return [...data].filter((_, index) => channels === 3 || index % 4 !== 3);
}
