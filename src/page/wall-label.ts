import { css, html, LitElement, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { Network } from "../model/network.ts";
import { argumentOf, wordOf } from "../optvis/algebra.ts";
import type { Recipe } from "../optvis/recipe.ts";
import { base } from "./styles.ts";
import { titleOf } from "./subject.ts";

const STARTS: Readonly<Record<Recipe["init"], string>> = {
  zeros: "from zeros",
  noise: "from noise",
  photo: "from a photograph",
};

/** The label of the picture, like a museum's: title, place in the network, medium. */
@customElement("page-label")
export class WallLabel extends LitElement {
  static override readonly styles = [
    base,
    css`
      h1 {
        font: 500 clamp(1.5rem, 1.1rem + 1.6vw, 2.125rem) / 1.15 var(--serif);
        letter-spacing: -0.01em;
        text-wrap: balance;
        overflow-wrap: anywhere;
      }
      h1::first-letter {
        text-transform: uppercase;
      }
      h1.formula {
        font: 400 1rem/1.5 var(--mono);
        text-transform: none;
        letter-spacing: 0;
      }
      .place {
        font: italic 400 1.0625rem/1.4 var(--serif);
        color: var(--ink-soft);
      }
      .medium {
        margin-block-start: 0.5rem;
        font-size: 0.875rem;
        color: var(--ink-soft);
      }
    `,
  ];

  @property({ attribute: false }) recipe!: Recipe;
  @property({ attribute: false }) network: Network | undefined;

  protected override render() {
    const { objective, size, init, seed } = this.recipe;
    const { title, place } = titleOf(objective, this.network);
    const name =
      place === "" && wordOf(objective) === "class"
        ? (argumentOf(objective) ?? "").replaceAll('"', "")
        : title;
    const formula = place === "" && name === objective;
    return html`
      <h1 class=${formula ? "formula" : nothing}>${name}</h1>
      ${place ? html`<p class="place">${place}</p>` : nothing}
      <p class="medium">
        Gradient ascent on ${size.join(" × ")} pixels, ${STARTS[init]}${seed === 0 ? "" : `, seed ${seed}`}
      </p>
    `;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "page-label": WallLabel;
  }
}
