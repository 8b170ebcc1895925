import { css, html, LitElement } from "lit";
import { customElement, property } from "lit/decorators.js";
import { base } from "./styles.ts";

export interface Segment {
  readonly value: string;
  readonly text: string;
}

/**
 * A choice among a few words: native radio buttons in a row.
 * @fires {CustomEvent<string>} choose
 */
@customElement("page-segmented")
export class Segmented extends LitElement {
  static override readonly styles = [
    base,
    css`
      .group {
        display: flex;
        flex-wrap: wrap;
        gap: 2px;
        padding: 3px;
        background: var(--wall);
        border: 1px solid var(--line);
        border-radius: calc(var(--radius) + 2px);
      }
      label {
        position: relative;
        flex: 1 1 auto;
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
      span {
        display: block;
        padding: 0.4rem 0.3rem;
        font-size: 0.8125rem;
        white-space: nowrap;
        line-height: 1.35;
        color: var(--ink-soft);
        border-radius: var(--radius);
      }
      input:hover + span {
        color: var(--ink);
      }
      input:checked + span {
        color: var(--ink);
        font-weight: 600;
        background: var(--paper);
        box-shadow: 0 0 0 1px var(--line), 0 1px 3px var(--shadow);
      }
      input:focus-visible + span {
        outline: var(--focus);
        outline-offset: 1px;
      }
      /* Five words in the width of a small telephone. */
      @media (max-width: 24rem) {
        span {
          padding-inline: 0.1rem;
          font-size: 0.75rem;
          letter-spacing: -0.01em;
        }
      }
    `,
  ];

  @property() label = "";
  @property() value = "";
  @property({ attribute: false }) segments: readonly Segment[] = [];

  #choose(value: string): void {
    this.value = value;
    this.dispatchEvent(new CustomEvent("choose", { detail: value }));
  }

  protected override render() {
    return html`
      <div class="group" role="radiogroup" aria-label=${this.label}>
        ${this.segments.map(
          ({ value, text }) => html`<label>
            <input
              type="radio"
              name="segment"
              value=${value}
              .checked=${value === this.value}
              @change=${() => this.#choose(value)}
            >
            <span>${text}</span>
          </label>`,
        )}
      </div>
    `;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "page-segmented": Segmented;
  }
}
