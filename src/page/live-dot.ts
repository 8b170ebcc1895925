/** The mark of a setting that changes a run as it goes. */
import { css, html } from "lit";

export const liveDot = html`<span class="live" role="img" aria-label="live" title="Changes the run as it goes"></span>`;

export const liveDotStyles = css`
  .live {
    display: inline-block;
    inline-size: 0.5rem;
    block-size: 0.5rem;
    border-radius: 50%;
    background: var(--accent);
    forced-color-adjust: none;
  }
`;
