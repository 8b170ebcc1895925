import { css, html, LitElement, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { AscentError } from "../errors.ts";
import type { Network } from "../model/network.ts";
import { weightsEndings } from "../model/readers/registry.ts";
import {
  type Reading,
  type ReadingField,
  type ReadingRow,
  readingFieldNames,
  readingFields,
} from "../model/reading.ts";
import { convolutions, parameterCount } from "../model/shapes.ts";
import { icons } from "./icons.ts";
import { errorMessage } from "./message.ts";
import { choiceOf, embeddedModel, type ModelChoice } from "./model-choice.ts";
import { base, buttons, fields } from "./styles.ts";

/**
 * The network: the embedded one, or one's own.
 * @fires {CustomEvent<ModelChoice>} choose
 */
@customElement("page-model")
export class ModelPicker extends LitElement {
  static override readonly styles = [
    base,
    buttons,
    fields,
    css`
      .name {
        font-weight: 600;
        overflow-wrap: anywhere;
      }
      .facts {
        color: var(--ink-soft);
        font-size: 0.875rem;
      }
      .choices {
        display: flex;
        flex-wrap: wrap;
        gap: 0.5rem;
        margin-block: 0.9rem 0.6rem;
      }
      .row {
        margin-block-start: 0.9rem;
      }
    `,
  ];

  @property({ attribute: false }) network: Network | undefined;
  @property({ attribute: false }) unusedTensors: readonly string[] = [];
  /** What was taken for granted of the network, a sentence each. */
  @property({ attribute: false }) assumptions: readonly string[] = [];
  @property({ attribute: false }) choice: ModelChoice = embeddedModel;
  /** Name of the file a link was made with, when it is not the one in use. */
  @property() linkedFile = "";
  @property({ attribute: false }) error: AscentError | undefined;

  #choose(change: Partial<ModelChoice>): void {
    this.dispatchEvent(new CustomEvent("choose", { detail: { ...this.choice, ...change } }));
  }

  readonly #pick = (event: Event): void => {
    const input = event.target as HTMLInputElement;
    const files = [...(input.files ?? [])];
    // The same file may be chosen again after it was mended.
    input.value = "";
    if (files.length > 0) this.#choose(choiceOf(files));
  };

  #say(field: ReadingField, text: string): void {
    const { [field]: _, ...others } = this.choice.reading;
    const value = text.trim();
    // What makes no sense is refused where the file is opened, with its other faults.
    this.#choose({ reading: value === "" ? others : ({ ...others, [field]: value } as Reading) });
  }

  #renderFacts(network: Network) {
    const convolutionCount = convolutions(network).length;
    const parameters = network.layers.reduce((sum, layer) => sum + parameterCount(layer), 0);
    const classes = network.classes.length;
    const facts = [
      `${convolutionCount} convolutions`,
      `${(parameters / 1e6).toPrecision(2)} million parameters`,
      ...(classes > 0 ? [`${classes} classes`] : []),
    ];
    const unused = this.unusedTensors.length;
    return html`
      <p class="facts">${facts.join(" · ")}</p>
      ${this.assumptions.map((text) => html`<p class="hint assumed">Assumed: ${text}.</p>`)}
      ${unused > 0 ? html`<p class="hint">${unused} of the file's tensors are not used: ${this.unusedTensors.slice(0, 4).join(", ")}${unused > 4 ? " …" : ""}</p>` : nothing}
    `;
  }

  #renderField(field: ReadingField) {
    const { label, choices, example }: ReadingRow<unknown> = readingFields[field];
    const said = this.choice.reading[field];
    const value = said === undefined ? "" : String(said);
    const isOther = choices !== undefined && !(value in choices);
    const say = (event: Event) => this.#say(field, (event.target as HTMLInputElement).value);
    return html`<div class="row">
      ${
        choices
          ? html`<div>
              <label for=${field}>${label}</label>
              <select id=${field} @change=${say}>
                <option value="" ?selected=${value === ""}>As the file says</option>
                ${Object.entries(choices).map(
                  ([word, text]) => html`<option value=${word} ?selected=${word === value}>${text}</option>`,
                )}
              </select>
            </div>`
          : nothing
      }
      ${
        example === undefined
          ? nothing
          : html`<div>
              <label for="${field}-text">${label}${choices ? ", if another" : ", if names do not tell"}</label>
              <input id="${field}-text" .value=${choices && !isOther ? "" : value} placeholder=${example} @change=${say}>
            </div>`
      }
    </div>`;
  }

  protected override render() {
    const { file } = this.choice;
    return html`
      <p class="name">${file ? file.name : "Ascent VGG, embedded"}</p>
      ${this.network ? this.#renderFacts(this.network) : nothing}
      <div class="choices">
        <button @click=${() => this.renderRoot.querySelector<HTMLInputElement>("#file")?.click()}>
          ${icons.file} Choose weights
        </button>
        ${file ? html`<button @click=${() => this.#choose(embeddedModel)}>Embedded network</button>` : nothing}
        <input id="file" type="file" accept=${weightsEndings.join(",")} multiple hidden aria-label="Weights" @change=${this.#pick}>
      </div>
      <p class="hint">
        Weights as <code>.safetensors</code>, of PyTorch (<code>.pth</code>), NumPy (<code>.npz</code>), Keras
        (<code>.keras</code>, <code>.h5</code>) or in ONNX (<code>.onnx</code>), also by dropping them on this page. Choose several files at once
        where weights are in several. They stay on this computer.
      </p>
      ${
        this.linkedFile
          ? html`<p class="hint linked">This link was made with <b>${this.linkedFile}</b>: choose that file to see the same picture.</p>`
          : nothing
      }
      ${file ? readingFieldNames.map((field) => this.#renderField(field)) : nothing}
      ${errorMessage(this.error)}
    `;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "page-model": ModelPicker;
  }
}
