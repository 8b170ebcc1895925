import { css, html, LitElement, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { StepDetail } from "../element/events.ts";
import { formulaOf } from "../optvis/formula.ts";
import type { Recipe } from "../optvis/recipe.ts";
import { base } from "./styles.ts";

/** What one iteration computes, as formulas with the numbers of the recipe and of now. */
@customElement("page-formula")
export class FormulaLine extends LitElement {
  static override readonly styles = [
    base,
    css`
      p {
        font: 400 0.8125rem/1.7 var(--mono);
        overflow-wrap: anywhere;
      }
      .now {
        color: var(--ink-soft);
        font-variant-numeric: tabular-nums;
      }
    `,
  ];

  @property({ attribute: false }) recipe!: Recipe;
  /** How far the run is. */
  @property({ attribute: false }) now: Pick<StepDetail, "iteration" | "objective"> | undefined;

  protected override render() {
    const { objective, gradient, step, after } = formulaOf(this.recipe);
    const { objective: value, iteration } = this.now ?? {};
    return html`
      <p>${objective}${value === undefined ? nothing : html` <span class="now">= ${value.toPrecision(4)} at iteration ${iteration}</span>`}</p>
      <p>${gradient}</p>
      <p class="step">${step}</p>
      ${after.map((line) => html`<p>${line}</p>`)}
    `;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "page-formula": FormulaLine;
  }
}
