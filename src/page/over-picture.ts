/** What the page asks in place of the picture: how a network is to be read, or for the file of a link. */
import { css, html, LitElement, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import { isAddress } from "../model/model-source.ts";
import type { Question } from "../model/question.ts";
import { weightsEndings } from "../model/readers/registry.ts";
import { type ReadingRow, readingFields } from "../model/reading.ts";
import { sentence } from "./message.ts";
import { base, buttons, fields } from "./styles.ts";

const panel = css`
  :host {
    position: relative;
    background: var(--paper);
  }
  section {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 0.75rem;
    align-content: center;
    padding: 6%;
  }
  h3:focus {
    outline: none;
  }
  h3 {
    font: 500 1.25rem/1.3 var(--serif);
    overflow-wrap: anywhere;
  }
  p {
    font-size: 0.875rem;
    color: var(--ink-soft);
    overflow-wrap: anywhere;
  }
  .answers {
    display: grid;
    gap: 0.5rem;
  }
  button {
    max-inline-size: 100%;
    white-space: normal;
    overflow-wrap: anywhere;
  }
  .answers button {
    block-size: auto;
    padding-block: 0.55rem;
    text-align: start;
    justify-content: start;
    line-height: 1.35;
  }
  .why {
    color: var(--ink-soft);
    font-weight: 400;
  }
  form {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto;
    gap: 0.5rem;
    align-items: end;
  }
  label {
    grid-column: 1 / -1;
  }
`;

/**
 * A question with its answers, one click each, the likely one first; or an answer of one's own.
 * @fires {CustomEvent<string>} answer - for the field that the question is about
 * @fires {CustomEvent} cancel
 */
@customElement("page-question")
export class NetworkQuestion extends LitElement {
  static override readonly styles = [base, buttons, fields, panel];

  @property({ attribute: false }) question!: Question;
  /** Why it is asked. */
  @property() reason = "";

  protected override firstUpdated(): void {
    this.renderRoot.querySelector<HTMLElement>("h3")?.focus();
  }

  #answer(value: string): void {
    if (value.trim() !== "") this.dispatchEvent(new CustomEvent("answer", { detail: value.trim() }));
  }

  readonly #submit = (event: SubmitEvent): void => {
    event.preventDefault();
    this.#answer(this.renderRoot.querySelector<HTMLInputElement>("#own")?.value ?? "");
  };

  protected override render() {
    const { about, answers } = this.question;
    const { label, example }: ReadingRow<unknown> = readingFields[about];
    return html`<section aria-labelledby="asked">
      <h3 id="asked" tabindex="-1">${QUESTIONS[about]}</h3>
      <p>${sentence(this.reason)}</p>
      <div class="answers">
        ${answers.map(
          ({ value, text, why }, i) =>
            html`<button class=${i === 0 && why ? "primary" : ""} @click=${() => this.#answer(value)}>
              <span>${text}${why ? html`<br><span class=${i === 0 ? "" : "why"}>${i === 0 ? "Likely: " : ""}${why}</span>` : nothing}</span>
            </button>`,
        )}
      </div>
      ${
        example === undefined
          ? nothing
          : html`<form @submit=${this.#submit}>
              <label for="own">${label}, if it is another</label>
              <input id="own" placeholder=${example} autocomplete="off">
              <button type="submit">Read it so</button>
            </form>`
      }
      <button @click=${() => this.dispatchEvent(new CustomEvent("cancel"))}>Not now</button>
    </section>`;
  }
}

const QUESTIONS: Readonly<Record<Question["about"], string>> = {
  preprocess: "How does this network want its pixels?",
  padding: "How are its convolutions padded?",
  layers: "Where do its pools stand?",
  flatten: "In which order does its head take the map?",
};

/**
 * A link was made with a file that is not here, or with an address that nobody here has asked for yet.
 * @fires {CustomEvent<readonly File[]>} files
 * @fires {CustomEvent} fetch
 * @fires {CustomEvent} cancel
 */
@customElement("page-missing-file")
export class MissingFile extends LitElement {
  static override readonly styles = [base, buttons, panel];

  @property() fileName = "";

  readonly #pick = (event: Event): void => {
    const files = [...((event.target as HTMLInputElement).files ?? [])];
    if (files.length > 0) this.dispatchEvent(new CustomEvent("files", { detail: files }));
  };

  #renderAddress() {
    const host = this.fileName.startsWith("hf:") ? "huggingface.co" : new URL(this.fileName).host;
    return html`<section aria-labelledby="missing">
      <h3 id="missing">This picture is of ${this.fileName}</h3>
      <p>The network's weights come from ${host}, which will see that you ask for them. Nothing else is requested.</p>
      <button class="primary" @click=${() => this.dispatchEvent(new CustomEvent("fetch"))}>Get it from ${host}</button>
      <button @click=${() => this.dispatchEvent(new CustomEvent("cancel"))}>Show the embedded network instead</button>
    </section>`;
  }

  protected override render() {
    if (isAddress(this.fileName)) return this.#renderAddress();
    return html`<section aria-labelledby="missing">
      <h3 id="missing">This picture is of ${this.fileName}</h3>
      <p>
        The link holds everything but the network's weights. Drop that file here, or choose it, to see the picture. It
        stays on this computer.
      </p>
      <button class="primary" @click=${() => this.renderRoot.querySelector<HTMLInputElement>("input")?.click()}>Choose ${this.fileName}</button>
      <button @click=${() => this.dispatchEvent(new CustomEvent("cancel"))}>Show the embedded network instead</button>
      <input type="file" accept=${weightsEndings.join(",")} multiple hidden aria-label="Weights" @change=${this.#pick}>
    </section>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "page-question": NetworkQuestion;
    "page-missing-file": MissingFile;
  }
}
