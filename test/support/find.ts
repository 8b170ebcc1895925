import type { ElementHandle, Page } from "puppeteer";

/**
 * The first element that matches anywhere on the page, open shadow roots included, once there is one. Words
 * apart are looked for one within the other, through shadow roots too.
 */
export async function find<Kind extends HTMLElement = HTMLElement>(
  page: Page,
  selector: string,
): Promise<ElementHandle<Kind>> {
  const handle = await page.waitForFunction(
    (wanted) => {
      const search = (root: Element | Document | ShadowRoot, one: string): Element | undefined => {
        const found = root.querySelector(one);
        if (found) return found;
        const hosts =
          root instanceof Element ? [root, ...root.querySelectorAll("*")] : root.querySelectorAll("*");
        for (const { shadowRoot } of hosts) {
          const inside = shadowRoot && search(shadowRoot, one);
          if (inside) return inside;
        }
        return undefined;
      };
      let at: Element | Document | undefined = document;
      for (const one of wanted) at = at && search(at, one);
      return at;
    },
    {},
    selector.split(" "),
  );
  return handle as unknown as ElementHandle<Kind>;
}
