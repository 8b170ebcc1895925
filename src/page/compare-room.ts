import { css, html, LitElement, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { Network, Preprocess } from "../model/network.ts";
import { recipeNames, recipeSettings } from "../optvis/named-recipes.ts";
import { defaultRecipe, type Recipe } from "../optvis/recipe.ts";
import { icons } from "./icons.ts";
import type { ModelChoice } from "./model-choice.ts";
import { pictureView } from "./picture-view.ts";
import { base, buttons, fields, matted } from "./styles.ts";
import { tunedFor } from "./tuned.ts";

/** The settings above, the project's own, and every named recipe. */
const CHOICES = ["as set above", "default", ...recipeNames] as const;
type Choice = (typeof CHOICES)[number];

/** How far a picture is. */
interface Progress {
  readonly iteration: number;
  readonly objective: number | undefined;
}

/** Two recipes drawn side by side, live, of the same subject, size and seed. */
@customElement("page-compare")
export class CompareRoom extends LitElement {
  static override readonly styles = [
    base,
    buttons,
    fields,
    css`
      .pictures {
        display: grid;
        grid-template-columns: repeat(2, minmax(0, 20rem));
        gap: clamp(0.75rem, 2.5vw, 2rem);
        margin-block-end: 1.25rem;
      }
      .pictures > div {
        display: grid;
        gap: 0.75rem;
        align-content: start;
      }
      ascent-view {
        ${matted}
      }
      .progress {
        color: var(--ink-soft);
        font-size: 0.875rem;
        font-variant-numeric: tabular-nums;
      }
    `,
  ];

  @property({ attribute: false }) network: Network | undefined;
  @property() preprocess!: Preprocess;
  @property({ attribute: false }) choice!: ModelChoice;
  @property({ attribute: false }) recipe: Recipe = defaultRecipe;
  @property({ attribute: false }) photo: File | undefined;

  @state() private chosen: readonly [Choice, Choice] = ["as set above", "lucid2017"];
  @state() private going = false;
  @state() private progress: readonly (Progress | undefined)[] = [];

  #toggle(): void {
    this.going = !this.going;
    this.progress = [];
  }

  #choose(side: 0 | 1, event: Event): void {
    const choice = CHOICES.find((one) => one === (event.target as HTMLSelectElement).value);
    if (!choice) return;
    this.chosen = side === 0 ? [choice, this.chosen[1]] : [this.chosen[0], choice];
    this.#reach(side, undefined);
  }

  #reach(side: 0 | 1, progress: Progress | undefined): void {
    this.progress = side === 0 ? [progress, this.progress[1]] : [this.progress[0], progress];
  }

  #renderSide(side: 0 | 1) {
    const choice = this.chosen[side];
    const recipe = recipeOf(choice, this.recipe, this.network, this.preprocess);
    const at = this.progress[side];
    const objective = at?.objective === undefined ? "" : `, objective ${at.objective.toPrecision(3)}`;
    return html`<div>
      <div>
        <label for="recipe-${side}">${side === 0 ? "On the left" : "On the right"}</label>
        <select id="recipe-${side}" @change=${(event: Event) => this.#choose(side, event)}>
          ${CHOICES.map((name) => html`<option value=${name} ?selected=${name === choice}>${name}</option>`)}
        </select>
      </div>
      ${
        this.going
          ? html`${pictureView(recipe, this.choice, this.photo, { step: ({ detail }) => this.#reach(side, detail) })}
              <span class="progress">${at ? `${at.iteration} of ${recipe.iterations}${objective}` : nothing}</span>`
          : nothing
      }
    </div>`;
  }

  protected override render() {
    return html`
      <div class="pictures">${this.#renderSide(0)} ${this.#renderSide(1)}</div>
      <button ?disabled=${!this.network} @click=${this.#toggle}>
        ${this.going ? icons.pause : icons.play} ${this.going ? "Put away" : "Draw both"}
      </button>
    `;
  }
}

/** The page's subject, size and seed, with the settings of a choice. */
function recipeOf(
  choice: Choice,
  recipe: Recipe,
  network: Network | undefined,
  preprocess: Preprocess,
): Recipe {
  if (choice === "as set above") return recipe;
  const { objective, size, seed } = recipe;
  const settings = choice === "default" ? tunedFor(recipe, network) : recipeSettings(choice, preprocess);
  return { ...defaultRecipe, ...settings, objective, size, seed };
}

declare global {
  interface HTMLElementTagNameMap {
    "page-compare": CompareRoom;
  }
}
