/** The picture in its frame, and what stands around it. */
import { css } from "lit";

export const stageStyles = css`
  .wall {
    position: relative;
    display: grid;
    justify-items: center;
    padding: clamp(0.75rem, 3.5vw, 3.25rem) 0 clamp(1rem, 2.5vw, 2rem);
  }
  .frame {
    position: relative;
    --mat-width: clamp(10px, 2.2vw, 30px);
    inline-size: min(100%, (min(58vh, 620px) * var(--aspect, 1)) + 2 * var(--mat-width));
    padding: var(--mat-width);
    background: var(--mat);
    border-radius: 2px;
    box-shadow: 0 0 0 1px var(--line), 0 1px 2px var(--shadow), 0 18px 50px -12px var(--shadow);
  }
  .picture {
    position: relative;
    aspect-ratio: var(--aspect, 1);
    background: light-dark(#ece7de, #191815);
    overflow: hidden;
  }
  ascent-view {
    display: grid;
    inline-size: 100%;
    block-size: 100%;
  }
  /* A question may be taller than the picture. */
  .picture.asks {
    aspect-ratio: auto;
  }
  .picture.asks > :is(ascent-view, .progress) {
    position: absolute;
    inset: 0;
    visibility: hidden;
  }
  ascent-view[alpha]::part(canvas) {
    background: repeating-conic-gradient(#ccc 0 25%, #fff 0 50%) 0 0 / 24px 24px;
  }
  ascent-view::part(message) {
    display: none;
  }
  .waiting {
    position: absolute;
    inset: 0;
    display: grid;
    place-content: center;
    padding: 1rem;
    text-align: center;
    color: var(--ink-soft);
    font: italic 1rem/1.4 var(--serif);
  }
  .failure {
    position: absolute;
    inset: auto 0 0;
    padding: 0.9rem 1.1rem;
    color: var(--ink);
    background: color-mix(in oklab, var(--paper), transparent 6%);
    border-block-start: 3px solid var(--danger);
    overflow-wrap: anywhere;
    font-size: 0.9375rem;
    max-block-size: 100%;
    overflow: auto;
  }
  .failure.alone {
    inset: 0;
    display: grid;
    align-content: center;
    border-block-start: 0;
    padding: 8%;
    gap: 0.6rem;
    background: none;
  }
  .failure.quiet {
    display: flex;
    align-items: center;
    justify-content: space-between;
    gap: 0.75rem;
    border-color: var(--accent);
    font-variant-numeric: tabular-nums;
  }
  .failure:has(.icon) {
    padding-inline-end: 3.6rem;
  }
  .failure .icon {
    position: absolute;
    inset: 0.3rem 0.3rem auto auto;
  }
  .failure strong {
    display: block;
    font: 500 1.25rem/1.3 var(--serif);
  }
  .failure:not(.alone) strong {
    font: 600 0.9375rem/1.4 var(--sans);
  }
  .progress {
    position: absolute;
    inset-inline: 0;
    inset-block-end: 0;
    block-size: 3px;
    transform-origin: 0 50%;
    background: var(--accent);
  }
  .transport {
    display: flex;
    flex-wrap: wrap;
    gap: 0.5rem;
    align-items: center;
    justify-content: center;
  }
  .remark {
    margin-block-start: 1rem;
    color: var(--ink-soft);
    font-size: 0.875rem;
    text-align: center;
  }
  .gap {
    inline-size: 0.75rem;
  }
  .below {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto;
    gap: 1rem 2rem;
    align-items: end;
    margin-block-start: 1.75rem;
  }
  dl {
    display: flex;
    gap: 1.75rem;
    font-variant-numeric: tabular-nums;
  }
  dt {
    font-size: 0.75rem;
    color: var(--ink-soft);
  }
  dd {
    font: 500 1.125rem/1.3 var(--sans);
    font-variant-numeric: tabular-nums;
    min-inline-size: 3.2em;
  }
  @media (max-width: 640px) {
    .below {
      grid-template-columns: 1fr;
    }
    .transport {
      display: grid;
      grid-template-columns: 1fr auto auto auto auto;
    }
    .gap,
    .long {
      display: none;
    }
    button.primary {
      min-inline-size: 0;
    }
  }
`;
