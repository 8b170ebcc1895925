/** Starts a browser with a page that runs jobs (`src/runtime/browser-page.ts`), and the server that it talks to. */

import { setTimeout } from "node:timers/promises";
import type { Browser, Page } from "puppeteer";
import { AscentError, DeviceError } from "../errors.ts";
import type { Weights } from "../runtime/protocol.ts";
import { launchBrowser } from "./browser.ts";
import {
  type Conversation,
  Crash,
  startConversation,
  type WeightsNews,
  type Worker,
} from "./conversation.ts";
import type { BrowserName } from "./find-browser.ts";
import { builtFile } from "./package-file.ts";
import { type PageServer, servePage } from "./server.ts";

/** @throws DeviceError where the browser does not start, InputError where the page is not built */
export async function startBrowserWorker(
  name: BrowserName,
  weights: Weights,
  news: WeightsNews = {},
): Promise<Worker> {
  const script = builtFile("runtime/browser-page.js");
  const conversation: Conversation = startConversation((message) => server.send(message));
  const onLeave = (): void =>
    conversation.end(new Crash(`the page in ${name} ended before the work was done`));
  const server: PageServer = await servePage({ weights, news, script }, conversation, onLeave);
  let browser: Browser | undefined;
  const close = async (): Promise<void> => {
    conversation.end(new DeviceError(`${name} was ended`));
    await browser?.close();
    server.close();
  };
  try {
    browser = await launchBrowser(name);
    browser.once("disconnected", onLeave);
    const page = await browser.newPage();
    page.once("error", onLeave);
    page.once("pageerror", (error) =>
      conversation.end(error instanceof Error ? error : new Error(String(error))),
    );
    server.send({ kind: "open", weights, runtime: name });
    await page.goto(server.url);
    void watch(page).then(onLeave);
    return { run: conversation.run, close };
  } catch (cause) {
    await close();
    if (cause instanceof AscentError) throw cause;
    throw new Crash(`${name} ended before its page was open`, { cause });
  }
}

/** Milliseconds between two questions whether a page is still there. */
const ASK_MS = 3000;

/** Ends when the page is gone. Firefox does not tell when a page's process crashes, but what is gone does not answer. */
async function watch(page: Page): Promise<void> {
  try {
    for (;;) {
      await page.evaluate("0");
      await setTimeout(ASK_MS, undefined, { ref: false });
    }
  } catch {}
}
