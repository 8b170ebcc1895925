/** Opens the page, or the bench for `?bench` and `#bench`. Each loads only what it needs. */
import { applyTheme } from "./theme.ts";

applyTheme();

function wantsBench(): boolean {
  return location.hash === "#bench" || new URLSearchParams(location.search).has("bench");
}

if (wantsBench()) {
  await import("./bench-page.ts");
  document.body.append(document.createElement("ascent-bench"));
} else {
  await import("./ascent-page.ts");
  document.body.append(document.createElement("ascent-page"));
}
