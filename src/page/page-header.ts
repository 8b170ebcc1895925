import { html, type TemplateResult } from "lit";
import { icons, mark } from "./icons.ts";
import type { Theme } from "./theme.ts";

export function pageHeader(theme: Theme, onTheme: () => void): TemplateResult {
  const dark = theme === "dark";
  return html`<header>
    <div class="page">
      <a class="wordmark" href="./">${mark} Ascent</a>
      <span class="tagline">what a network wants to see</span>
      <nav aria-label="Page">
        <a class="button quiet" href="?bench">Bench</a>
        <button class="icon quiet" aria-label=${dark ? "Light colours" : "Dark colours"} @click=${onTheme}>
          ${dark ? icons.sun : icons.moon}
        </button>
      </nav>
    </div>
  </header>`;
}
