/** What every part of the page looks like: text, buttons, fields and messages. */
import { css } from "lit";

export const base = css`
  :host {
    display: block;
  }
  :host([hidden]),
  [hidden] {
    display: none !important;
  }
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }
  h1,
  h2,
  h3,
  p,
  figure,
  dl,
  dd,
  fieldset {
    margin: 0;
    padding: 0;
    border: 0;
    min-inline-size: 0;
  }
  a {
    color: inherit;
    text-decoration-color: var(--line-strong);
    text-underline-offset: 0.2em;
  }
  a:hover {
    color: var(--accent);
    text-decoration-color: currentColor;
  }
  :focus-visible {
    outline: var(--focus);
    outline-offset: 2px;
    border-radius: 4px;
  }
  .visually-hidden {
    position: absolute;
    inline-size: 1px;
    block-size: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
`;

export const buttons = css`
  button,
  .button {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: 0.5em;
    min-block-size: var(--control);
    padding: 0 0.9em;
    font: 500 0.9375rem/1 var(--sans);
    color: var(--ink);
    background: transparent;
    border: 1px solid var(--line);
    border-radius: var(--radius);
    cursor: pointer;
    text-decoration: none;
    white-space: nowrap;
    transition: border-color 120ms, background-color 120ms;
  }
  @media (prefers-reduced-motion: reduce) {
    button,
    .button {
      transition: none;
    }
  }
  button:hover,
  .button:hover {
    color: var(--ink);
    border-color: var(--line-strong);
    background: var(--wall-lit);
  }
  button:disabled {
    opacity: 0.45;
    cursor: default;
  }
  button.primary {
    color: var(--on-accent);
    background: var(--accent);
    border-color: var(--accent);
    min-inline-size: 7.5em;
  }
  button.primary:hover:enabled {
    background: color-mix(in oklab, var(--accent), var(--ink) 12%);
  }
  button.icon,
  .button.icon {
    inline-size: var(--control);
    padding: 0;
  }
  button.quiet,
  .button.quiet {
    border-color: transparent;
  }
  svg {
    inline-size: 1.25em;
    block-size: 1.25em;
    fill: none;
    stroke: currentColor;
    stroke-width: 1.75;
    stroke-linecap: round;
    stroke-linejoin: round;
    flex: none;
  }
`;

export const fields = css`
  label,
  legend,
  .label {
    display: block;
    padding: 0;
    margin-block-end: 0.35rem;
    font-size: 0.875rem;
    font-weight: 500;
  }
  input:where([type="text"], [type="number"], [type="search"], :not([type])),
  select,
  textarea {
    inline-size: 100%;
    min-block-size: var(--control);
    padding: 0.45rem 0.7rem;
    font: 400 0.9375rem/1.4 var(--sans);
    color: var(--ink);
    background: var(--paper);
    border: 1px solid var(--line-strong);
    border-radius: var(--radius);
  }
  textarea {
    font-family: var(--mono);
    font-size: 0.875rem;
    resize: vertical;
  }
  input::placeholder,
  textarea::placeholder {
    color: var(--ink-soft);
    opacity: 1;
  }
  select {
    appearance: none;
    padding-inline-end: 2.2rem;
    /* A grey that reads on both papers. */
    background-image: url("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24' fill='none' stroke='%23857d71' stroke-width='2.2' stroke-linecap='round' stroke-linejoin='round'%3E%3Cpath d='m6 9.5 6 6 6-6'/%3E%3C/svg%3E");
    background-size: 1.15em;
    background-position: right 0.7rem center;
    background-repeat: no-repeat;
  }
  :where(input, select, textarea):focus-visible {
    outline: var(--focus);
    outline-offset: 1px;
    border-radius: var(--radius);
  }
  [aria-invalid="true"] {
    border-color: var(--danger);
  }
  .hint {
    margin-block-start: 0.35rem;
    font-size: 0.8125rem;
    color: var(--ink-soft);
  }
  .error {
    margin-block-start: 0.5rem;
    padding: 0.55rem 0.75rem;
    font-size: 0.875rem;
    color: var(--danger);
    background: var(--danger-soft);
    border-radius: var(--radius);
    overflow-wrap: anywhere;
  }
  .error .remedy {
    display: block;
    color: var(--ink);
  }
  .row {
    display: grid;
    grid-template-columns: 1fr 1fr;
    gap: 0.75rem;
    align-items: start;
  }
`;

/** Declarations of a small picture in the rooms: square, on a mat. */
export const matted = css`
  inline-size: 100%;
  aspect-ratio: 1;
  padding: clamp(6px, 1.2vw, 14px);
  background: var(--mat);
  box-shadow: 0 0 0 1px var(--line), 0 8px 24px -10px var(--shadow);
  border-radius: 2px;
`;
