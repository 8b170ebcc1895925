/** `npm run presets`: draws the pictures that the page's presets show. It needs `npm run build` and Dawn. */
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { recipeNotes } from "../optvis/recipe-notes.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = join(root, "src/page/presets");

/** Of a goldfish with 96 pixels a side, which a preset shows on at most half of that. */
const SUBJECT = ["--model", "embedded", "--objective", "class:goldfish", "--size", "96"];

mkdirSync(folder, { recursive: true });
for (const name of Object.keys(recipeNotes)) {
  // DeepDream's start is a photograph: one chooses it beside the start.
  const start = name === "deepdream" ? ["--init", "noise"] : [];
  const out = join(folder, `${name}.png`);
  execFileSync(process.execPath, [
    join(root, "dist/node/cli.js"),
    "render",
    ...SUBJECT,
    "--recipe",
    name,
    ...start,
    "--out",
    out,
  ]);
  console.log(`presets: drew ${name}`);
}
