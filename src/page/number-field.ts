import { css, html, LitElement, nothing, type PropertyValues } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { liveDot, liveDotStyles } from "./live-dot.ts";
import { base, fields } from "./styles.ts";

/** How the slider's position becomes the value: evenly, or by powers of ten with 0 at the left end. */
export type SliderScale = "linear" | "decades";

/**
 * A number, typed or set by a slider. Below a text that is no number within bounds it says so, and passes nothing on.
 * @fires {CustomEvent<number>} choose
 */
@customElement("page-number")
export class NumberField extends LitElement {
  static override readonly styles = [
    base,
    fields,
    liveDotStyles,
    css`
      .line {
        display: flex;
        align-items: center;
        gap: 1rem;
      }
      .head {
        display: flex;
        flex-wrap: wrap;
        justify-content: space-between;
        align-items: baseline;
        column-gap: 0.5rem;
        margin-block-end: 0.35rem;
      }
      .head label {
        margin: 0;
      }
      .note {
        font-size: 0.75rem;
        color: var(--ink-soft);
        white-space: nowrap;
      }
      input[type="range"] {
        --fill: 0%;
        flex: 1;
        min-inline-size: 4rem;
        block-size: 28px;
        margin: 0;
        appearance: none;
        background: none;
        cursor: pointer;
      }
      input[type="range"]::-webkit-slider-runnable-track {
        block-size: 4px;
        border-radius: 2px;
        background: linear-gradient(to right, var(--accent) var(--fill), var(--line) var(--fill));
      }
      input[type="range"]::-moz-range-track {
        block-size: 4px;
        border-radius: 2px;
        background: linear-gradient(to right, var(--accent) var(--fill), var(--line) var(--fill));
      }
      input[type="range"]::-webkit-slider-thumb {
        appearance: none;
        inline-size: 18px;
        block-size: 18px;
        margin-block-start: -7px;
        border: 3px solid var(--accent);
        border-radius: 50%;
        background: var(--paper);
      }
      input[type="range"]::-moz-range-thumb {
        box-sizing: border-box;
        inline-size: 18px;
        block-size: 18px;
        border: 3px solid var(--accent);
        border-radius: 50%;
        background: var(--paper);
      }
      #number {
        flex: 1;
        font-variant-numeric: tabular-nums;
      }
      input[type="range"] ~ #number {
        flex: 0 0 6.5rem;
      }
    `,
  ];

  @property() label = "";
  /** A change takes effect while an ascent runs. */
  @property({ type: Boolean }) live = false;
  /** What the unit is; shown at the right end of the label's line. */
  @property() note = "";
  @property({ type: Number }) value = 0;
  @property({ type: Number }) min = 0;
  @property({ type: Number }) max = Number.MAX_VALUE;
  @property({ type: Boolean }) whole = false;
  /** Ends of the slider; without them there is none. */
  @property({ attribute: false }) slider:
    | { readonly from: number; readonly to: number; readonly step: number }
    | undefined;
  @property() scale: SliderScale = "linear";

  @state() private problem = "";

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("value")) this.problem = "";
  }

  /** The coloured part of the track: set here, since a strict policy forbids style attributes. */
  protected override updated(): void {
    if (!this.slider) return;
    const { from, to } = this.slider;
    const part = (this.#toSlider(this.value) - from) / (to - from);
    this.renderRoot.querySelector<HTMLElement>("[type=range]")?.style.setProperty("--fill", `${100 * part}%`);
  }

  #type(event: Event): void {
    const input = event.target as HTMLInputElement;
    const value = Number(input.value);
    const valid = input.value.trim() !== "" && value >= this.min && value <= this.max;
    if (valid && (!this.whole || Number.isInteger(value))) {
      this.problem = "";
      this.#choose(value);
      return;
    }
    const kind = this.whole ? "a whole number" : "a number";
    const bounds = this.max > 1e12 ? `from ${this.min}` : `from ${this.min} to ${this.max}`;
    this.problem = `Expected ${kind} ${bounds}.`;
  }

  #slide(event: Event): void {
    this.#choose(this.#fromSlider(Number((event.target as HTMLInputElement).value)));
  }

  #choose(value: number): void {
    if (value === this.value) return;
    this.value = value;
    this.dispatchEvent(new CustomEvent("choose", { detail: value }));
  }

  #fromSlider(place: number): number {
    if (this.scale === "linear") return Number(place.toPrecision(6));
    if (place <= (this.slider?.from ?? 0)) return this.min;
    return Number((10 ** place).toPrecision(2));
  }

  #toSlider(value: number): number {
    const { from, to } = this.slider ?? { from: 0, to: 1 };
    const place = this.scale === "linear" ? value : value > 0 ? Math.log10(value) : from;
    return Math.min(to, Math.max(from, place));
  }

  protected override render() {
    const { slider, problem } = this;
    return html`
      <div class="head">
        <label for="number">${this.label} ${this.live ? liveDot : nothing}</label>
        ${this.note ? html`<span class="note" id="note">${this.note}</span>` : nothing}
      </div>
      <div class="line">
        ${
          slider
            ? html`<input
                type="range"
                aria-label="${this.label}, slider"
                aria-valuetext=${String(this.value)}
                min=${slider.from}
                max=${slider.to}
                step=${slider.step}
                .value=${String(this.#toSlider(this.value))}
                @input=${this.#slide}
              >`
            : nothing
        }
        <input
          id="number"
          type="text"
          inputmode=${this.whole ? "numeric" : "decimal"}
          autocomplete="off"
          .value=${String(this.value)}
          aria-invalid=${problem ? "true" : "false"}
          aria-describedby=${problem ? "problem" : this.note ? "note" : nothing}
          @change=${this.#type}
        >
      </div>
      ${problem ? html`<p class="error" id="problem" role="alert">${problem}</p>` : nothing}
    `;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "page-number": NumberField;
  }
}
