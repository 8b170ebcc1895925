import { css, html, LitElement } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { RankedRow } from "../methods/method.ts";
import { base } from "./styles.ts";

/** Names with a bar each, the first the highest: the classes that a network sees. */
@customElement("page-ranked")
export class RankedRows extends LitElement {
  static override readonly styles = [
    base,
    css`
      ol {
        display: grid;
        gap: 0.75rem;
        list-style: none;
        margin: 0;
        padding: 0;
      }
      .line {
        display: flex;
        justify-content: space-between;
        gap: 1rem;
      }
      .note {
        color: var(--ink-soft);
        font-size: 0.875rem;
        white-space: nowrap;
      }
      .bar {
        block-size: 0.375rem;
        min-inline-size: 1px;
        background: currentcolor;
      }
    `,
  ];

  @property({ attribute: false }) rows: readonly RankedRow[] = [];

  protected override render() {
    return html`<ol>
      ${this.rows.map(
        ({ name, share, note }) => html`<li>
          <div class="line"><span>${name}</span><span class="note">${note}</span></div>
          <div class="bar" style="inline-size: ${(100 * share).toFixed(2)}%"></div>
        </li>`,
      )}
    </ol>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "page-ranked": RankedRows;
  }
}
