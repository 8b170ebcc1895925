/** The rooms under the picture: a layer's channels, two recipes side by side, and photographs. */
import { html, type TemplateResult } from "lit";
import type { Network, Preprocess } from "../model/network.ts";
import type { Recipe } from "../optvis/recipe.ts";
import type { ModelChoice } from "./model-choice.ts";

/** What the page shows now. */
export interface RoomsOptions {
  readonly network: Network | undefined;
  readonly preprocess: Preprocess;
  readonly shown: ModelChoice;
  readonly recipe: Recipe;
  readonly photo: File | undefined;
}

/** Told of a channel that was chosen, as a spec, and of a photograph. */
export interface RoomsEvents {
  readonly channel: (event: CustomEvent<string>) => void;
  readonly photo: (event: CustomEvent<File>) => void;
}

export function pageRooms(
  { network, preprocess, shown, recipe, photo }: RoomsOptions,
  on: RoomsEvents,
): TemplateResult {
  return html`<div class="page rooms">
    <section aria-labelledby="wall-title">
      <h2 id="wall-title">All channels of a layer</h2>
      <page-wall
        .network=${network}
        .choice=${shown}
        .spec=${recipe.objective}
        @choose=${on.channel}
      ></page-wall>
    </section>
    <section aria-labelledby="compare-title">
      <h2 id="compare-title">Two recipes, side by side</h2>
      <page-compare
        .network=${network}
        .preprocess=${preprocess}
        .choice=${shown}
        .recipe=${recipe}
        .photo=${photo}
      ></page-compare>
    </section>
    <section aria-labelledby="photo-title">
      <h2 id="photo-title">A photograph, as the network sees it</h2>
      <page-photo
        .network=${network}
        .choice=${shown}
        .spec=${recipe.objective}
        .photo=${photo}
        @photo=${on.photo}
      ></page-photo>
    </section>
  </div>`;
}
