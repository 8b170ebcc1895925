import { html, nothing, type TemplateResult } from "lit";
import type { AscentError } from "../errors.ts";

/** An error beside its control. Screen readers read it at once. It is text, never markup. */
export function errorMessage(error: AscentError | undefined, id?: string): TemplateResult | typeof nothing {
  if (!error) return nothing;
  return html`<p class="error" role="alert" id=${id ?? nothing}>
    ${sentence(error.message)} ${error.remedy ? html`<span class="remedy">${sentence(error.remedy)}</span>` : nothing}
  </p>`;
}

/** Errors are written for a terminal. On the page they begin with a capital and end with a full stop. */
export function sentence(text: string): string {
  const first = text.charAt(0);
  // A layer, a file name or an address keeps its case.
  const opening = /^[a-z]+(?:[ ,]|: )/.test(text) ? first.toUpperCase() : first;
  return `${opening}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;
}
