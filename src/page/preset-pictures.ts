/** Where the pictures of the presets are: `npm run presets` draws them again. */
import type { recipeNotes } from "../optvis/recipe-notes.ts";

const files = import.meta.glob<string>("./presets/*.png", { eager: true, query: "?url", import: "default" });

export const presetPictures = Object.fromEntries(
  Object.entries(files).map(([path, url]) => [path.slice("./presets/".length, -".png".length), url]),
) as Readonly<Record<keyof typeof recipeNotes, string>>;
