import { launch } from "./stacks/browser.ts";
import { startServer } from "./stacks/server.ts";

const server = await startServer();
for (const name of ["chromium", "firefox"] as const) {
  const b = await launch(name);
  for (const [tag, w, h, dark, hash, file] of [
    ["dark", 1280, 900, true, "", "index.html"],
    ["narrow", 360, 800, false, "", "index.html"],
    ["narrowdark", 360, 800, true, "", "index.html"],
  ] as const) {
    const p = await b.newPage();
    await p.setViewport({ width: w, height: h });
    await p
      .emulateMediaFeatures?.([{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }])
      .catch((e) => console.log(name, String(e)));
    await p.goto(`${server.url}/${file}${hash}`);
    await p
      .waitForFunction(
        () => {
          const s = document
            .querySelector("ascent-studio")
            ?.shadowRoot?.querySelector("studio-stage")
            ?.shadowRoot?.querySelector("ascent-view") as any;
          return s?.iteration > 12;
        },
        { timeout: 120000 },
      )
      .catch((e) => console.log(name, tag, String(e)));
    await p
      .screenshot({ path: `/tmp/shots/${name}-${tag}.png`, fullPage: w === 360 })
      .catch((e) => console.log(String(e)));
    console.log(name, tag);
    await p.close();
  }
  await b.close();
}
await server.close();
process.exit(0);
