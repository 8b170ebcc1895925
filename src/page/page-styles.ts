/** The layout of the page. */
import { css } from "lit";

export const pageStyles = css`
  :host {
    display: grid;
    min-block-size: 100vh;
    grid-template: auto 1fr auto / minmax(0, 1fr);
  }
  .page {
    inline-size: min(100%, 84rem);
    margin-inline: auto;
    padding-inline: clamp(1rem, 3vw, 2.5rem);
  }
  header .page {
    display: flex;
    align-items: center;
    gap: 0.75rem;
    padding-block: 1rem;
  }
  .wordmark {
    display: flex;
    align-items: center;
    gap: 0.6rem;
    font: 500 1.375rem/1 var(--serif);
    letter-spacing: -0.01em;
    color: var(--ink);
    text-decoration: none;
  }
  .mark {
    inline-size: 26px;
    block-size: 26px;
    stroke: var(--accent);
    stroke-width: 3.25;
  }
  .tagline {
    color: var(--ink-soft);
    font: italic 400 1rem/1.2 var(--serif);
  }
  nav {
    display: flex;
    gap: 0.25rem;
    align-items: center;
    margin-inline-start: auto;
  }
  .page {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 2.5rem clamp(2rem, 4vw, 4.5rem);
    align-items: start;
    padding-block-end: 3rem;
  }
  .picture-side {
    min-inline-size: 0;
  }
  figure {
    margin-block-start: 1.5rem;
    padding-block-start: 1rem;
    border-block-start: 1px solid var(--line);
  }
  figcaption {
    font-size: 0.75rem;
    color: var(--ink-soft);
  }
  page-plot {
    min-block-size: 132px;
  }
  .panel {
    min-inline-size: 0;
    padding: clamp(1.1rem, 2.2vw, 1.75rem);
    background: var(--paper);
    border: 1px solid var(--line);
    border-radius: 14px;
  }
  .panel h2 {
    margin-block: 0 1rem;
    font: 500 1.25rem/1.2 var(--serif);
  }
  .panel section + section {
    margin-block-start: 2rem;
  }
  .panel page-recipe {
    display: block;
    margin-block-start: 1.25rem;
  }
  .panel .network {
    padding-block-start: 2rem;
    border-block-start: 1px solid var(--line);
  }
  page-presets,
  page-recipe {
    margin-block-end: 2rem;
  }
  page-recipe {
    margin-block-start: 1.1rem;
  }
  page-film,
  page-formula {
    margin-block-start: 1rem;
  }
  .rooms {
    display: grid;
    gap: 3rem;
    padding-block-end: 4rem;
  }
  .rooms section {
    padding-block-start: 2rem;
    border-block-start: 1px solid var(--line);
  }
  .rooms h2 {
    margin-block: 0 1rem;
    font: 500 1.25rem/1.2 var(--serif);
  }
  footer {
    border-block-start: 1px solid var(--line);
    color: var(--ink-soft);
    font-size: 0.8125rem;
  }
  footer .page {
    display: flex;
    flex-wrap: wrap;
    gap: 0.35rem 1.75rem;
    justify-content: space-between;
    padding-block: 1rem 1.25rem;
  }
  kbd {
    padding: 0.1em 0.45em;
    font: 500 0.75rem/1.4 var(--mono);
    color: var(--ink);
    border: 1px solid var(--line-strong);
    border-radius: 4px;
  }
  .notice {
    position: fixed;
    z-index: 20;
    inset-block-end: 1.5rem;
    inset-inline: 0;
    margin-inline: auto;
    inline-size: fit-content;
    max-inline-size: calc(100% - 2rem);
    padding: 0.65rem 1.1rem;
    color: var(--wall);
    background: var(--ink);
    border-radius: 999px;
    font-size: 0.875rem;
    overflow-wrap: anywhere;
  }
  .notice:empty {
    display: none;
  }
  .drop {
    position: fixed;
    z-index: 30;
    inset: 0.75rem;
    display: grid;
    place-content: center;
    font: italic 1.5rem/1.4 var(--serif);
    color: var(--accent);
    background: color-mix(in oklab, var(--wall), transparent 12%);
    border: 2px dashed var(--accent);
    border-radius: 16px;
    pointer-events: none;
  }
  @media (min-width: 60rem) {
    .page {
      grid-template-columns: minmax(0, 1fr) minmax(20rem, 25rem);
    }
    /* The picture stays in sight while one turns the knobs further down. */
    .picture-side {
      position: sticky;
      inset-block-start: 0;
    }
  }
  @media (max-width: 40rem) {
    .tagline {
      display: none;
    }
    footer .keys {
      display: none;
    }
  }
`;
