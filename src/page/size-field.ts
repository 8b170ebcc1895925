import { html, LitElement, type PropertyValues } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { parseSize } from "../element/attributes.ts";
import { AscentError } from "../errors.ts";
import type { Size } from "../model/network.ts";
import { errorMessage } from "./message.ts";
import { base, fields } from "./styles.ts";

/**
 * Height and width in pixels, typed as `N` or `HxW`. Below any other text it says so, and passes nothing on.
 * @fires {CustomEvent<Size>} choose
 */
@customElement("page-size")
export class SizeField extends LitElement {
  static override readonly styles = [base, fields];

  @property() label = "";
  @property({ attribute: false }) value: Size = [128, 128];
  /** Why the present size is refused. */
  @property({ attribute: false }) error: AscentError | undefined;

  @state() private problem: AscentError | undefined;

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("value")) this.problem = undefined;
  }

  readonly #type = (event: Event): void => {
    try {
      const size = parseSize((event.target as HTMLInputElement).value);
      this.problem = undefined;
      this.dispatchEvent(new CustomEvent("choose", { detail: size }));
    } catch (error) {
      if (!(error instanceof AscentError)) throw error;
      this.problem = error;
    }
  };

  protected override render() {
    const [height, width] = this.value;
    const error = this.problem ?? this.error;
    return html`
      <label for="size">${this.label} <span class="visually-hidden">in pixels, N or height x width</span></label>
      <input
        id="size"
        type="text"
        autocomplete="off"
        .value=${height === width ? String(height) : `${height}x${width}`}
        aria-invalid=${error ? "true" : "false"}
        aria-describedby="size-error"
        @change=${this.#type}
      >
      ${errorMessage(error, "size-error")}
    `;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "page-size": SizeField;
  }
}
