import { css, html, LitElement, nothing, type PropertyValues } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { AscentError } from "../errors.ts";
import { weightsEndings } from "../model/readers/registry.ts";
import {
  type Reading,
  type ReadingField,
  type ReadingRow,
  readingFieldNames,
  readingFields,
} from "../model/reading.ts";
import { convolutions, parameterCount } from "../model/shapes.ts";
import "./address-picker.ts";
import { icons } from "./icons.ts";
import { errorMessage } from "./message.ts";
import { embeddedModel, isOwn, type ModelChoice, nameOf } from "./model-choice.ts";
import type { OpenedNetwork } from "./open-choice.ts";
import { base, buttons, fields } from "./styles.ts";

/**
 * The network: the embedded one, or one's own.
 * @fires {CustomEvent<ModelChoice>} choose
 * @fires {CustomEvent<readonly File[]>} files
 * @fires {CustomEvent<boolean>} remember
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

  @property({ attribute: false }) opened: OpenedNetwork | undefined;
  @property({ attribute: false }) choice: ModelChoice = embeddedModel;
  @property({ attribute: false }) refusal: AscentError | undefined;
  /** Whether the file is kept on this computer. */
  @property({ type: Boolean }) isRemembered = false;

  /** What was downloaded for the network that is open now is listed too. */
  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has("opened")) void this.renderRoot.querySelector("page-address")?.refresh();
  }

  #choose(change: Partial<ModelChoice>): void {
    this.dispatchEvent(new CustomEvent("choose", { detail: { ...this.choice, ...change } }));
  }

  readonly #pick = (event: Event): void => {
    const input = event.target as HTMLInputElement;
    const files = [...(input.files ?? [])];
    // The same file may be chosen again after it was mended.
    input.value = "";
    if (files.length > 0) this.dispatchEvent(new CustomEvent("files", { detail: files }));
  };

  #say(field: ReadingField, text: string): void {
    const { [field]: _, ...others } = this.choice.reading;
    const value = text.trim();
    // What makes no sense is refused where the file is opened, with its other faults.
    this.#choose({ reading: value === "" ? others : ({ ...others, [field]: value } as Reading) });
  }

  #renderFacts({ network, unusedTensors, assumptions }: OpenedNetwork) {
    const convolutionCount = convolutions(network).length;
    const parameters = network.layers.reduce((sum, layer) => sum + parameterCount(layer), 0);
    const classes = network.classes.length;
    const facts = [
      `${convolutionCount} convolutions`,
      `${(parameters / 1e6).toPrecision(2)} million parameters`,
      ...(classes > 0 ? [`${classes} classes`] : []),
    ];
    const unused = unusedTensors.length;
    return html`
      <p class="facts">${facts.join(" · ")}</p>
      ${assumptions.map((text) => html`<p class="hint assumed">Assumed: ${text}.</p>`)}
      ${unused > 0 ? html`<p class="hint">${unused} of the file's tensors are not used: ${unusedTensors.slice(0, 4).join(", ")}${unused > 4 ? " …" : ""}</p>` : nothing}
    `;
  }

  #renderRemember() {
    const tell = (event: Event) =>
      this.dispatchEvent(new CustomEvent("remember", { detail: (event.target as HTMLInputElement).checked }));
    return html`<label class="remember">
      <input type="checkbox" .checked=${this.isRemembered} ?disabled=${!this.opened} @change=${tell}>
      Remember this file on this computer
    </label>`;
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
    const { choice } = this;
    const { file } = choice;
    return html`
      <p class="name">${nameOf(choice) || "Ascent VGG, embedded"}</p>
      ${this.opened ? this.#renderFacts(this.opened) : nothing}
      <div class="choices">
        <button @click=${() => this.renderRoot.querySelector<HTMLInputElement>("#file")?.click()}>
          ${icons.file} Choose weights
        </button>
        ${isOwn(choice) ? html`<button @click=${() => this.#choose(embeddedModel)}>Embedded network</button>` : nothing}
        <input id="file" type="file" accept=${weightsEndings.join(",")} multiple hidden aria-label="Weights" @change=${this.#pick}>
      </div>
      <p class="hint">
        Weights as <code>.safetensors</code>, of PyTorch (<code>.pth</code>), NumPy (<code>.npz</code>), Keras
        (<code>.keras</code>, <code>.h5</code>), ONNX (<code>.onnx</code>) or TensorFlow.js
        (<code>model.json</code>), also by dropping them on this page. Choose several files at once
        where weights are in several. They stay on this computer.
      </p>
      ${file ? this.#renderRemember() : nothing}
      <page-address @address=${({ detail }: CustomEvent<string>) => this.#choose({ ...embeddedModel, address: detail })}></page-address>
      ${isOwn(choice) ? readingFieldNames.map((field) => this.#renderField(field)) : nothing}
      ${errorMessage(this.refusal)}
    `;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "page-model": ModelPicker;
  }
}
