/** The page's icons, drawn here so that none is fetched from anywhere. 24×24, stroked by the style sheet. */
import { html, svg, type TemplateResult } from "lit";

function icon(paths: TemplateResult): TemplateResult {
  return html`<svg viewBox="0 0 24 24" aria-hidden="true" focusable="false">${paths}</svg>`;
}

export const icons = {
  play: icon(svg`<path d="M7 4.5v15l12-7.5z" fill="currentColor"/>`),
  pause: icon(svg`<path d="M8 5v14M16 5v14" stroke-width="3"/>`),
  step: icon(svg`<path d="M6 5v14l9-7zM19 5v14"/>`),
  restart: icon(svg`<path d="M4 5v5h5M4.6 10A8 8 0 1 1 4 14"/>`),
  save: icon(svg`<path d="M12 4v11m0 0 4.5-4.5M12 15l-4.5-4.5M4 19.5h16"/>`),
  link: icon(
    svg`<path d="M10 14a4 4 0 0 0 6 .4l3-3a4.2 4.2 0 0 0-6-6l-1.3 1.3M14 10a4 4 0 0 0-6-.4l-3 3a4.2 4.2 0 0 0 6 6l1.3-1.3"/>`,
  ),
  dice: icon(
    svg`<rect x="4" y="4" width="16" height="16" rx="3.5"/><path d="M9 9h0M15 9h0M12 12h0M9 15h0M15 15h0" stroke-width="2.4"/>`,
  ),
  sun: icon(
    svg`<circle cx="12" cy="12" r="4"/><path d="M12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4"/>`,
  ),
  moon: icon(svg`<path d="M20 14.5A8.3 8.3 0 0 1 9.5 4 8.3 8.3 0 1 0 20 14.5z"/>`),
  copy: icon(
    svg`<rect x="9" y="9" width="11" height="11" rx="2"/><path d="M15 5.5A1.5 1.5 0 0 0 13.5 4h-8A1.5 1.5 0 0 0 4 5.5v8A1.5 1.5 0 0 0 5.5 15"/>`,
  ),
  close: icon(svg`<path d="m6 6 12 12M18 6 6 18"/>`),
  chevron: icon(svg`<path d="m6 9.5 6 6 6-6"/>`),
  file: icon(
    svg`<path d="M13.5 3h-7A1.5 1.5 0 0 0 5 4.5v15A1.5 1.5 0 0 0 6.5 21h11a1.5 1.5 0 0 0 1.5-1.5v-11zM13.5 3v5.5H19"/>`,
  ),
} as const;

/** The mark: a path that climbs. */
export const mark = html`<svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false"><path d="M4 26 12.5 14.5l5.5 6L28 6"/></svg>`;
