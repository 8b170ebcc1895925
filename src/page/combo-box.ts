import { css, html, LitElement, nothing, type PropertyValues } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { nearestNames } from "../model/labels.ts";
import { icons } from "./icons.ts";
import { base, fields } from "./styles.ts";

/** Most names shown at once. Typing narrows them down. */
const SHOWN = 200;

/** Names that contain the typed text. Those that begin with it come first. */
function matchingNames(names: readonly string[], typed: string): readonly string[] {
  const wanted = typed.trim().toLowerCase();
  if (!wanted) return names;
  const found = names.filter((name) => name.toLowerCase().includes(wanted));
  const begins = (name: string) => name.toLowerCase().startsWith(wanted);
  return [...found.filter(begins), ...found.filter((name) => !begins(name))];
}

/**
 * A text field with a list to pick from, after the combobox pattern of the ARIA authoring practices:
 * typing filters, arrows move, Enter picks, Escape puts back what was there.
 * @fires {CustomEvent<string>} choose - a name of the list
 */
@customElement("page-combo-box")
export class ComboBox extends LitElement {
  static override readonly styles = [
    base,
    fields,
    css`
      .field {
        position: relative;
      }
      .field svg {
        position: absolute;
        inset-block: 0;
        inset-inline-end: 0.7rem;
        margin-block: auto;
        inline-size: 1.1em;
        block-size: 1.1em;
        fill: none;
        stroke: var(--ink-soft);
        stroke-width: 2;
        pointer-events: none;
      }
      ul {
        position: absolute;
        z-index: 5;
        inset-inline: 0;
        inset-block-start: calc(100% + 4px);
        max-block-size: 18rem;
        overflow: auto;
        overscroll-behavior: contain;
        margin: 0;
        padding: 4px;
        list-style: none;
        background: var(--paper);
        border: 1px solid var(--line-strong);
        border-radius: var(--radius);
        box-shadow: 0 12px 32px var(--shadow);
      }
      li {
        padding: 0.4rem 0.6rem;
        border-radius: 5px;
        cursor: pointer;
      }
      li[role="option"]:hover,
      li.active {
        background: var(--accent-soft);
      }
      li[aria-selected="true"] {
        font-weight: 600;
      }
      li.none {
        color: var(--ink-soft);
        cursor: default;
      }
    `,
  ];

  @property() label = "";
  @property() value = "";
  @property({ attribute: false }) names: readonly string[] = [];

  @state() private open = false;
  @state() private typed = "";
  @state() private active = -1;
  @query("input") private readonly input!: HTMLInputElement;

  override focus(options?: FocusOptions): void {
    this.input.focus(options);
  }

  get #matches(): readonly string[] {
    const found = matchingNames(this.names, this.typed);
    return found.length > 0 ? found.slice(0, SHOWN) : nearestNames(this.names, this.typed);
  }

  get #isUnknown(): boolean {
    return this.open && matchingNames(this.names, this.typed).length === 0;
  }

  #show(): void {
    if (this.open) return;
    this.open = true;
    this.typed = "";
    this.active = this.#matches.indexOf(this.value);
  }

  #hide(): void {
    this.open = false;
    this.typed = "";
    this.input.value = this.value;
  }

  #choose(name: string): void {
    this.value = name;
    this.#hide();
    this.dispatchEvent(new CustomEvent("choose", { detail: name }));
  }

  readonly #onInput = (): void => {
    this.open = true;
    this.typed = this.input.value;
    this.active = this.#matches.length > 0 ? 0 : -1;
  };

  readonly #onKey = (event: KeyboardEvent): void => {
    const matches = this.#matches;
    const last = matches.length - 1;
    const moves: Readonly<Record<string, () => number>> = {
      ArrowDown: () => (this.active >= last ? 0 : this.active + 1),
      ArrowUp: () => (this.active <= 0 ? last : this.active - 1),
      PageDown: () => Math.min(last, this.active + 8),
      PageUp: () => Math.max(0, this.active - 8),
    };
    const move = moves[event.key];
    if (move) {
      event.preventDefault();
      if (this.open) this.active = move();
      else this.#show();
    } else if (event.key === "Enter") {
      const name = this.open ? matches[this.active] : undefined;
      if (name !== undefined) this.#choose(name);
      else this.#show();
      event.preventDefault();
    } else if (event.key === "Escape" && this.open) {
      this.#hide();
      event.stopPropagation();
    }
  };

  protected override updated(changed: PropertyValues): void {
    if (changed.has("active") || changed.has("open")) {
      this.renderRoot.querySelector("li.active")?.scrollIntoView({ block: "nearest" });
    }
  }

  protected override render() {
    const matches = this.open ? this.#matches : [];
    const active = this.open && this.active >= 0 ? `option-${this.active}` : nothing;
    return html`
      <label for="combo">${this.label}</label>
      <div class="field">
        <input
          id="combo"
          type="text"
          role="combobox"
          autocomplete="off"
          spellcheck="false"
          aria-autocomplete="list"
          aria-expanded=${this.open ? "true" : "false"}
          aria-controls="list"
          aria-activedescendant=${active}
          .value=${this.open && this.typed ? this.typed : this.value}
          @click=${this.#show}
          @input=${this.#onInput}
          @keydown=${this.#onKey}
          @focus=${() => this.input.select()}
          @blur=${this.#hide}
        >
        ${icons.chevron}
        <ul id="list" role="listbox" aria-label=${this.label} ?hidden=${!this.open} @mousedown=${preventBlur}>
          ${this.#isUnknown ? html`<li class="none" role="option" aria-disabled="true" aria-selected="false">Nothing is called that. The nearest:</li>` : nothing}
          ${matches.map(
            (name, index) => html`<li
              id="option-${index}"
              role="option"
              class=${index === this.active ? "active" : ""}
              aria-selected=${name === this.value ? "true" : "false"}
              @click=${() => this.#choose(name)}
            >${name}</li>`,
          )}
        </ul>
      </div>
    `;
  }
}

/** Keeps the focus in the field while the list is clicked or scrolled. */
function preventBlur(event: Event): void {
  event.preventDefault();
}

declare global {
  interface HTMLElementTagNameMap {
    "page-combo-box": ComboBox;
  }
}
