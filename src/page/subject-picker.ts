import { css, html, LitElement, nothing, type PropertyValues } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { AscentError } from "../errors.ts";
import type { Network } from "../model/network.ts";
import { convolutionNames, layerChannels } from "../model/shapes.ts";
import { isUnit, type PlainTerm, positionOf, type UnitTerm } from "../optvis/term.ts";
import { kindOf } from "../optvis/terms/registry.ts";
import "./combo-box.ts";
import { icons } from "./icons.ts";
import { errorMessage } from "./message.ts";
import "./number-field.ts";
import "./segmented.ts";
import { base, buttons, fields } from "./styles.ts";
import {
  classNames,
  classSpec,
  plainKinds,
  plainTerm,
  type SubjectChoice,
  soleTerm,
  spatialLayers,
  specOf,
  subjectKind,
} from "./subject.ts";

const KINDS: readonly { readonly value: SubjectChoice; readonly text: string }[] = [
  ...(["class", ...plainKinds, "formula"] as const).map((value) => ({
    value,
    text: value.replace(/^./, (first) => first.toUpperCase()),
  })),
];

/**
 * Chooses what the picture is of.
 * @fires {CustomEvent<string>} choose - a SPEC; it may still be refused
 */
@customElement("page-subject")
export class SubjectPicker extends LitElement {
  static override readonly styles = [
    base,
    buttons,
    fields,
    css`
      .controls {
        display: grid;
        gap: 1rem;
        margin-block-start: 1rem;
      }
      .stepper {
        display: grid;
        grid-template-columns: auto 1fr auto;
        gap: 0.5rem;
        align-items: end;
      }
      .previous svg {
        transform: rotate(90deg);
      }
      .next svg {
        transform: rotate(-90deg);
      }
      .surprise {
        justify-self: start;
      }
      code {
        font-family: var(--mono);
        font-size: 0.8125rem;
        overflow-wrap: anywhere;
      }
    `,
  ];

  @property({ attribute: false }) network: Network | undefined;
  @property() spec = "";
  @property({ attribute: false }) error: AscentError | undefined;

  @state() private kind: SubjectChoice = "class";

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!this.network || !(changed.has("spec") || changed.has("network"))) return;
    // The formula field stays open while it is edited, even if the formula is a single term.
    if (this.kind !== "formula" || changed.has("network")) this.kind = subjectKind(this.spec, this.network);
  }

  #choose(spec: string): void {
    this.dispatchEvent(new CustomEvent("choose", { detail: spec }));
  }

  #chooseTerm(term: PlainTerm): void {
    if (this.network) this.#choose(specOf(term, this.network));
  }

  /** Chooses another kind of subject. Layer and channel stay where the new kind has them. */
  #chooseKind(kind: SubjectChoice): void {
    const { network } = this;
    this.kind = kind;
    if (!network || kind === "formula") return;
    if (kind === "class") this.#choose(classSpec(0, network));
    else this.#choosePlain(kind, network);
  }

  #choosePlain(kind: PlainTerm["kind"], network: Network): void {
    const layers = spatialLayers(network);
    const term = soleTerm(this.spec, network);
    const deep = convolutionNames(network).at(-1) ?? layers[0] ?? "";
    const layer = term && layers.includes(term.layer) ? term.layer : deep;
    const channel = term && isUnit(term) && layer === term.layer ? term.channel : 0;
    this.#chooseTerm(plainTerm(kind, layer, channel));
  }

  #surprise(network: Network): void {
    const any = (count: number) => Math.floor(Math.random() * count);
    const term = soleTerm(this.spec, network);
    if (this.kind === "class" || !term) this.#choose(classSpec(any(classNames(network).length), network));
    else if (isUnit(term)) {
      this.#chooseTerm({ ...term, channel: any(layerChannels(network, term.layer)) });
    }
  }

  #renderClass(network: Network) {
    const names = classNames(network);
    const term = soleTerm(this.spec, network);
    const value = (term && isUnit(term) && names[term.channel]) || "";
    return html`<page-combo-box
      label="Class"
      .names=${names}
      .value=${value}
      @choose=${(event: CustomEvent<string>) => this.#choose(classSpec(names.indexOf(event.detail), network))}
    ></page-combo-box>`;
  }

  #renderLayer(network: Network, term: PlainTerm) {
    const choose = (event: Event) => {
      const layer = (event.target as HTMLSelectElement).value;
      const channel = isUnit(term) ? Math.min(term.channel, layerChannels(network, layer) - 1) : 0;
      this.#chooseTerm(plainTerm(term.kind, layer, channel));
    };
    return html`<div>
      <label for="layer">Layer</label>
      <select id="layer" @change=${choose}>
        ${spatialLayers(network).map(
          (name) => html`<option value=${name} ?selected=${name === term.layer}>
            ${name} · ${layerChannels(network, name)} channels
          </option>`,
        )}
      </select>
    </div>`;
  }

  #renderChannel(network: Network, term: UnitTerm) {
    const count = layerChannels(network, term.layer);
    const choose = (channel: number) => this.#chooseTerm({ ...term, channel: (channel + count) % count });
    return html`<div class="stepper">
      <button class="icon previous" aria-label="Previous channel" @click=${() => choose(term.channel - 1)}>${icons.chevron}</button>
      <page-number
        label="Channel"
        note="0 to ${count - 1}"
        whole
        max=${count - 1}
        .value=${term.channel}
        @choose=${(event: CustomEvent<number>) => choose(event.detail)}
      ></page-number>
      <button class="icon next" aria-label="Next channel" @click=${() => choose(term.channel + 1)}>${icons.chevron}</button>
    </div>`;
  }

  #renderPosition(term: PlainTerm) {
    const choose = (event: Event) => {
      const [, y, x] = /^\s*(\d+)\s*[, ]\s*(\d+)\s*$/.exec((event.target as HTMLInputElement).value) ?? [];
      const centre = plainTerm(term.kind, term.layer, isUnit(term) ? term.channel : 0);
      this.#chooseTerm(
        y === undefined ? centre : ({ ...centre, position: [Number(y), Number(x)] } as PlainTerm),
      );
    };
    return html`<div>
      <label for="position">Position <span class="visually-hidden">(row, column)</span></label>
      <input
        id="position"
        type="text"
        inputmode="numeric"
        autocomplete="off"
        placeholder="centre, or row, column"
        .value=${positionOf(term)?.join(", ") ?? ""}
        @change=${choose}
      >
    </div>`;
  }

  #renderFormula() {
    const apply = (event: Event) => {
      const spec = (event.target as HTMLTextAreaElement).value.trim().replace(/\s+/g, " ");
      if (spec !== this.spec) this.#choose(spec);
    };
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "Enter" || event.shiftKey) return;
      event.preventDefault();
      apply(event);
    };
    return html`<div>
      <label for="formula">Formula</label>
      <textarea
        id="formula"
        rows="3"
        spellcheck="false"
        autocomplete="off"
        aria-invalid=${this.error ? "true" : "false"}
        aria-describedby="formula-hint"
        .value=${this.spec}
        @change=${apply}
        @keydown=${onKey}
      ></textarea>
      <p class="hint" id="formula-hint">
        Sums and differences of <code>class:NAME</code>, <code>channel:LAYER:I</code>,
        <code>neuron:LAYER:I:Y,X</code> and <code>layer:LAYER</code>, each with a factor if you like:
        <code>class:goldfish - 0.5*channel:conv2_1:3</code>; where opacity is optimised, <code>- 10*alpha</code> pays for it
      </p>
    </div>`;
  }

  #renderControls(network: Network) {
    if (this.kind === "formula") return this.#renderFormula();
    if (this.kind === "class") return this.#renderClass(network);
    const term = soleTerm(this.spec, network);
    if (!term) return nothing;
    return html`
      ${this.#renderLayer(network, term)}
      ${isUnit(term) ? this.#renderChannel(network, term) : nothing}
      ${kindOf<PlainTerm>(term).positions === "one" ? this.#renderPosition(term) : nothing}
    `;
  }

  protected override render() {
    const { network, kind } = this;
    if (!network) return errorMessage(this.error);
    const kinds = KINDS.filter(({ value }) => value !== "class" || classNames(network).length > 0);
    const term = soleTerm(this.spec, network);
    const canSurprise = kind === "class" || (kind !== "formula" && term !== undefined && isUnit(term));
    return html`
      <page-segmented
        label="Kind of subject"
        .segments=${kinds}
        .value=${kind}
        @choose=${(event: CustomEvent<SubjectChoice>) => this.#chooseKind(event.detail)}
      ></page-segmented>
      <div class="controls">
        ${this.#renderControls(network)}
        ${errorMessage(this.error)}
        ${
          canSurprise
            ? html`<button class="surprise" @click=${() => this.#surprise(network)}>${icons.dice} Surprise me</button>`
            : nothing
        }
      </div>
    `;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "page-subject": SubjectPicker;
  }
}
