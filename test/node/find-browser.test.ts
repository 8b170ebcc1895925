/** Where a browser is looked for, and in what order. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { findBrowser, findChromiums } from "../../src/node/find-browser.ts";

const folder = mkdtempSync(join(tmpdir(), "ascent-find-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Makes a file, by default one that can be run. */
function file(path: string, mode = 0o755): string {
  const whole = join(folder, path);
  mkdirSync(dirname(whole), { recursive: true });
  writeFileSync(whole, "");
  chmodSync(whole, mode);
  return whole;
}

const onPath = (...names: string[]) => names.map((name) => join(folder, name)).join(delimiter);
const nothing = { PATH: "", PUPPETEER_CACHE_DIR: join(folder, "none") };

describe.skipIf(process.platform === "win32")("a browser", () => {
  it("is the one that the environment names, or none", () => {
    const named = file("mine/browser");
    const other = file("path/firefox");
    const env = { ...nothing, PATH: dirname(other) };
    expect(findBrowser("firefox", env)).toBe(other);
    expect(findBrowser("firefox", { ...env, FIREFOX_PATH: named })).toBe(named);
    expect(findBrowser("firefox", { ...env, FIREFOX_PATH: join(folder, "no such file") })).toBeUndefined();
    expect(findBrowser("firefox", { ...env, FIREFOX_PATH: file("mine/text", 0o644) })).toBeUndefined();
    expect(findBrowser("firefox", { ...env, CHROME_PATH: named })).toBe(other);
  });

  it("is the first of its names in the order of the names, then of the folders", () => {
    file("a/google-chrome");
    const [second, first] = [file("a/chromium-browser"), file("b/chromium")];
    file("a/chromium", 0o644);
    expect(findBrowser("chromium", { ...nothing, PATH: onPath("a", "b") })).toBe(first);
    expect(findBrowser("chromium", { ...nothing, PATH: onPath("a") })).toBe(second);
  });

  it.skipIf(process.platform !== "linux")(
    "is puppeteer's where the system has none, the newest first",
    () => {
      const build = (number: number) => `cache/chrome/linux-${number}.0/chrome-linux64/chrome`;
      const [old, fresh] = [file(build(131)), file(build(148))];
      file("cache/chrome/linux-148.0/chrome-linux64/chrome_sandbox");
      file("cache/firefox/linux-1/firefox/firefox");
      const env = { PATH: "", PUPPETEER_CACHE_DIR: join(folder, "cache") };
      expect(findBrowser("chromium", env)).toBe(fresh);
      expect(findBrowser("firefox", env)).toBe(join(folder, "cache/firefox/linux-1/firefox/firefox"));
      const system = file("bin/chromium");
      expect(findChromiums({ ...env, PATH: onPath("bin") })).toEqual([system, fresh, old]);
    },
  );

  it.skipIf(process.platform !== "linux")("is not found where there is none", () => {
    expect(findBrowser("chromium", nothing)).toBeUndefined();
    expect(findChromiums(nothing)).toEqual([]);
  });
});
