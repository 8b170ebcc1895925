import { css, html, LitElement, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { Network, Preprocess } from "../model/network.ts";
import { isRecipe, recipeNames, recipeSettings } from "../optvis/named-recipes.ts";
import type { Recipe } from "../optvis/recipe.ts";
import { recipeNotes } from "../optvis/recipe-notes.ts";
import { presetPictures } from "./preset-pictures.ts";
import { base } from "./styles.ts";
import { isTuned, tunedFor } from "./tuned.ts";

const PRESETS = ["default", ...recipeNames] as const;
type Preset = (typeof PRESETS)[number];

/**
 * Ready settings to begin with: the tuned ones and every named recipe, each with a goldfish that it drew.
 * @fires {CustomEvent<Partial<Recipe>>} choose
 */
@customElement("page-presets")
export class Presets extends LitElement {
  static override readonly styles = [
    base,
    css`
      h2 {
        margin-block: 0 1rem;
        font: 500 1.25rem/1.2 var(--serif);
      }
      .group {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(4.4rem, 1fr));
        gap: 0.25rem;
      }
      label {
        position: relative;
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        align-content: start;
        gap: 0.25rem;
        padding: 4px;
        border: 1px solid transparent;
        border-radius: var(--radius);
        text-align: center;
      }
      input {
        position: absolute;
        inset: 0;
        margin: 0;
        inline-size: 100%;
        block-size: 100%;
        opacity: 0;
        cursor: pointer;
      }
      img {
        inline-size: 100%;
        block-size: auto;
        aspect-ratio: 1;
        background: var(--mat);
        border-radius: 2px;
      }
      span {
        font-size: 0.6875rem;
        line-height: 1.25;
        color: var(--ink-soft);
        overflow-wrap: anywhere;
      }
      label:hover {
        border-color: var(--line-strong);
      }
      label:has(:checked) {
        border-color: var(--accent);
        outline: 1px solid var(--accent);
      }
      label:has(:checked) span {
        color: var(--ink);
        font-weight: 600;
      }
      label:has(:focus-visible) {
        outline: var(--focus);
        outline-offset: 1px;
      }
      .says {
        min-block-size: 4rem;
        margin-block-start: 0.6rem;
        font-size: 0.8125rem;
        line-height: 1.6;
      }
      .source {
        color: var(--ink-soft);
      }
    `,
  ];

  @property({ attribute: false }) recipe!: Recipe;
  @property({ attribute: false }) network: Network | undefined;
  @property() preprocess!: Preprocess;

  /** The preset under the pointer, which the sentence is about. */
  @state() private pointed: Preset | undefined;

  get #chosen(): Preset | undefined {
    const { recipe, network, preprocess } = this;
    if (isTuned(recipe, network)) return "default";
    return recipeNames.find((name) => isRecipe(name, recipe, preprocess));
  }

  #choose(preset: Preset): void {
    const { recipe, network, preprocess } = this;
    const settings = preset === "default" ? tunedFor(recipe, network) : recipeSettings(preset, preprocess);
    // A photograph is chosen beside the start, and a start without one cannot be.
    const detail = preset === "deepdream" ? { ...settings, init: recipe.init } : settings;
    this.dispatchEvent(new CustomEvent<Partial<Recipe>>("choose", { detail }));
  }

  protected override render() {
    const chosen = this.#chosen;
    const about = this.pointed ?? chosen;
    return html`
      <h2 id="presets-title">Presets</h2>
      <div class="group" role="radiogroup" aria-labelledby="presets-title" aria-describedby="says">
        ${PRESETS.map(
          (preset) => html`<label
            @pointerenter=${() => {
              this.pointed = preset;
            }}
            @pointerleave=${() => {
              this.pointed = undefined;
            }}
          >
            <input
              type="radio"
              name="preset"
              value=${preset}
              .checked=${preset === chosen}
              @change=${() => this.#choose(preset)}
            >
            <img src=${presetPictures[preset]} alt="" width="96" height="96" loading="lazy">
            <span>${recipeNotes[preset].title}</span>
          </label>`,
        )}
      </div>
      <p class="says" id="says">${about === undefined ? "Settings of your own." : says(about)}</p>
    `;
  }
}

function says(preset: Preset) {
  const { says, source } = recipeNotes[preset];
  return html`${says} ${preset === "default" ? nothing : html`<span class="source">${source}.</span>`}`;
}

declare global {
  interface HTMLElementTagNameMap {
    "page-presets": Presets;
  }
}
