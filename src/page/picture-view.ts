/** The element that draws a recipe of the page. */
import { html, type TemplateResult } from "lit";
import { type AscentView, browserTuning } from "../element/ascent-view.ts";
import type { Recipe } from "../optvis/recipe.ts";
import { comparesWithPhoto } from "../optvis/term-text.ts";
import { type ModelChoice, requestOf } from "./model-choice.ts";

/** Events of the element, and how it enlarges. */
export interface PictureOptions {
  readonly scaling?: AscentView["scaling"];
  readonly ready?: (event: HTMLElementEventMap["ascent-ready"]) => void;
  readonly state?: (event: HTMLElementEventMap["ascent-state"]) => void;
  readonly step?: (event: HTMLElementEventMap["ascent-step"]) => void;
}

/** @param photo start of `init: "photo"`, and what some objectives compare with */
export function pictureView(
  recipe: Recipe,
  choice: ModelChoice,
  photo: Blob | undefined,
  { scaling = "smooth", ready, state, step }: PictureOptions = {},
): TemplateResult {
  const { model, beside, reading, classes, cache } = requestOf(choice);
  return html`<ascent-view
    .model=${model}
    .beside=${beside}
    .reading=${reading}
    .classes=${classes}
    .cache=${cache}
    .recipe=${recipe}
    .init=${recipe.init === "photo" ? (photo ?? "zeros") : recipe.init}
    .target=${comparesWithPhoto(recipe.objective) ? (photo ?? "") : ""}
    .tuning=${browserTuning}
    .scaling=${scaling}
    @ascent-ready=${ready}
    @ascent-state=${state}
    @ascent-step=${step}
  ></ascent-view>`;
}
