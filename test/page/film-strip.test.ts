import type { ElementHandle } from "puppeteer";
import { expect, it } from "vitest";
import type { AscentView } from "../../src/element/ascent-view.ts";
import { find } from "../support/find.ts";
import { inBrowsers } from "./browsers.ts";

const SMALL =
  "#objective=channel%3Arelu2_1%3A3&size=32&iterations=40&optimizer=adam&jitter=2&transforms=none";

function picture(view: ElementHandle<AscentView>): Promise<string> {
  return view.evaluate(async (it) => [...(await it.readImage())].join());
}

inBrowsers("the film strip", (open) => {
  it("goes back to a frame exactly, goes on from it to the same picture, and holds one beside the other", async () => {
    const { page, complaints } = await open(SMALL, { width: 1280, height: 1800 });
    const view = await find<AscentView>(page, "ascent-view");
    await find(page, "page-film");
    await page.waitForFunction((it) => it.state === "finished", {}, view);
    const strip = await find<HTMLInputElement>(page, "page-film input");
    await page.waitForFunction((it) => Number(it.max) >= 1, {}, strip);
    const end = await picture(view);
    const said = () => strip.evaluate((it) => it.getAttribute("aria-valuetext"));
    expect(await said()).toMatch(/^iteration 40, objective/);

    // By keys: to the first frame.
    await strip.focus();
    await page.keyboard.press("Home");
    await page.waitForFunction((it) => it.iteration < 40, {}, view);
    const first = await view.evaluate((it) => it.iteration);
    expect(await said()).toMatch(new RegExp(`^iteration ${first}\\b`));
    const begun = await picture(view);
    expect(begun).not.toBe(end);
    await (await find(page, "page-film .line button")).click();
    await find(page, "page-film .pair img");
    expect(await (await find<HTMLImageElement>(page, ".pair img")).evaluate((it) => it.alt)).toContain(
      `iteration ${first}`,
    );

    await view.evaluate((it) => it.start());
    await page.waitForFunction((it) => it.state === "finished" && it.iteration === 40, {}, view);
    expect(await picture(view)).toBe(end);

    // What was steered on the way is another picture; A is what it was.
    await strip.focus();
    await page.keyboard.press("Home");
    await page.waitForFunction((it) => it.iteration < 40, {}, view);
    expect(await picture(view)).toBe(begun);
    expect(complaints).toEqual([]);
    await page.close();
  });
});
