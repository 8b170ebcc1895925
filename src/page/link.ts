/** The page's state in its address, behind `#`, where no server sees it. Anybody may have written it: nothing is trusted. */
import { type Reading, readingFieldNames, readingOf } from "../model/reading.ts";
import { defaultRecipe, type Recipe } from "../optvis/recipe.ts";
import { recipeFromQuery, recipeToQuery } from "../optvis/recipe-text.ts";
import { tunedSettings } from "../optvis/recipes.ts";

/** A class that people recognise at a glance. */
const OPENING_OBJECTIVE = 'class:"king penguin"';
const OPENING_SIZE = [128, 128] as const;

/** The recipe that the page opens with: the embedded network draws a class from zeros. */
export const openingRecipe: Recipe = {
  ...defaultRecipe,
  ...tunedSettings(OPENING_OBJECTIVE, OPENING_SIZE),
  objective: OPENING_OBJECTIVE,
  size: OPENING_SIZE,
  seed: 1,
};

export interface LinkState {
  readonly recipe: Recipe;
  /** Name of the weights file the link was made with; empty for the embedded network. */
  readonly file: string;
  /** Tells files of that name apart (`open-choice.ts`); empty where the link does not say it. */
  readonly fingerprint: string;
  /** How that file is read, as far as somebody said it. */
  readonly reading: Reading;
}

const MOST_NAME = 300;
/** Most images that a link may ask for at once. */
const MOST_IMAGES = 16;
/** With 0 iterations a page would show nothing. */
const LEAST_ITERATIONS = 1;

/** Where the page's bounds are tighter than the rows'. */
export const pageBounds: Partial<Record<keyof Recipe, { readonly least?: number; readonly most?: number }>> =
  { batch: { most: MOST_IMAGES }, iterations: { least: LEAST_ITERATIONS } };

/** Numbers out of bounds are clamped, nonsense is ignored; never throws. A photograph cannot be in a link. */
export function readLink(hash: string): LinkState {
  const parameters = new URLSearchParams(hash.replace(/^#/, ""));
  const objective = parameters.get("objective")?.trim();
  const { size } = recipeFromQuery(parameters, openingRecipe);
  const base = { ...openingRecipe, ...tunedSettings(objective || openingRecipe.objective, size) };
  const recipe = recipeFromQuery(parameters, base);
  const init = recipe.init === "photo" ? "zeros" : recipe.init;
  const iterations = Math.max(LEAST_ITERATIONS, recipe.iterations);
  const batch = Math.min(recipe.batch, MOST_IMAGES);
  const file = (parameters.get("file") ?? "").slice(0, MOST_NAME);
  const fingerprint = /^[0-9a-f]{1,64}$/.exec(parameters.get("network") ?? "")?.[0] ?? "";
  return {
    recipe: { ...recipe, init, iterations, batch },
    file,
    fingerprint,
    reading: readReading(parameters),
  };
}

/** The hash, `#` included; empty for what the page opens with anyway. */
export function writeLink({ recipe, file, fingerprint, reading }: LinkState): string {
  if (!file && recipeToQuery(recipe) === recipeToQuery(openingRecipe)) return "";
  if (!file) return `#${recipeToQuery(recipe)}`;
  const said = readingFieldNames.flatMap((field) =>
    reading[field] === undefined ? [] : [[`read-${field}`, String(reading[field])]],
  );
  const network = [
    ["file", file.slice(0, MOST_NAME)],
    ...(fingerprint ? [["network", fingerprint]] : []),
    ...said,
  ];
  return `#${recipeToQuery(recipe)}&${new URLSearchParams(network)}`;
}

/** What makes no sense is left out. */
function readReading(parameters: URLSearchParams): Reading {
  const fields = readingFieldNames.map((field): Reading => {
    try {
      return readingOf({ [field]: parameters.get(`read-${field}`)?.slice(0, MOST_NAME * 4) });
    } catch {
      return {};
    }
  });
  return Object.assign({}, ...fields);
}
