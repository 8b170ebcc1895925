/** Networks by address: a field, those that are known to open, and those that are kept on this computer. */
import { css, html, LitElement, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";
import { browserCache } from "../element/cache-storage.ts";
import { deleteKept, type KeptFile, listKept } from "../model/kept.ts";
import { knownNetworks } from "../model/known-networks.ts";
import { isAddress } from "../model/model-source.ts";
import { base, buttons, fields } from "./styles.ts";

/**
 * @fires {CustomEvent<string>} address - to open
 */
@customElement("page-address")
export class AddressPicker extends LitElement {
  static override readonly styles = [
    base,
    buttons,
    fields,
    css`
      form {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        gap: 0.5rem;
        align-items: end;
        margin-block: 0.9rem 0.6rem;
      }
      label {
        grid-column: 1 / -1;
      }
      summary {
        cursor: pointer;
        padding-block: 0.4rem;
        font-size: 0.9375rem;
      }
      ul {
        margin: 0.25rem 0 0.75rem;
        padding: 0;
        list-style: none;
      }
      li {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        gap: 0.1rem 0.75rem;
        align-items: center;
        padding-block: 0.5rem;
        border-block-start: 1px solid var(--line);
        overflow-wrap: anywhere;
      }
    `,
  ];

  @state() private kept: readonly KeptFile[] = [];
  /** Why what was typed is not opened. */
  @state() private problem = "";

  override connectedCallback(): void {
    super.connectedCallback();
    void this.refresh();
  }

  /** Looks up again what is kept. */
  async refresh(): Promise<void> {
    this.kept = await listKept(browserCache);
  }

  #open(address: string): void {
    this.dispatchEvent(new CustomEvent("address", { detail: address }));
  }

  readonly #submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const text = this.renderRoot.querySelector<HTMLInputElement>("#address")?.value.trim() ?? "";
    const known = knownNetworks.find(({ name }) => name === text);
    const address = known?.address ?? text;
    this.problem = isAddress(address)
      ? ""
      : "An address begins with https:// or hf:, as in hf:timm/vgg16.tv_in1k.";
    if (isAddress(address)) this.#open(address);
  };

  async #delete(key: string): Promise<void> {
    await deleteKept(browserCache, key);
    await this.refresh();
  }

  #renderKnown() {
    return html`<details>
      <summary>Networks that are known to open</summary>
      <ul>
        ${knownNetworks.map(
          ({ name, address, what, megabytes, licence }) => html`<li>
            <span>${name}<br><span class="hint">${what}. ${megabytes === undefined ? "Size unknown" : `${megabytes} MB`}, of which only what is needed is read. ${licence}.</span></span>
            <button aria-label="Open ${name}" title=${address} @click=${() => this.#open(address)}>Open</button>
          </li>`,
        )}
      </ul>
    </details>`;
  }

  #renderKept() {
    if (this.kept.length === 0) return nothing;
    return html`<details @toggle=${() => void this.refresh()}>
      <summary>Downloads kept on this computer: ${inMegabytes(this.kept.reduce((sum, { kept }) => sum + kept, 0))}</summary>
      <ul>
        ${this.kept.map(
          ({ key, name, kept, size }) => html`<li>
            <span>${name}<br><span class="hint">${inMegabytes(kept)} of ${inMegabytes(size)}</span></span>
            <button aria-label="Delete ${name}" @click=${() => void this.#delete(key)}>Delete</button>
          </li>`,
        )}
      </ul>
    </details>`;
  }

  protected override render() {
    return html`
      <form @submit=${this.#submit}>
        <label for="address">Or an address</label>
        <input id="address" autocomplete="off" spellcheck="false" inputmode="url" placeholder="hf:OWNER/NAME or https://…" aria-describedby="address-hint">
        <button type="submit">Open</button>
      </form>
      ${this.problem ? html`<p class="error" role="alert">${this.problem}</p>` : nothing}
      <p class="hint" id="address-hint">
        The page asks that server for the network's file, or the parts of it that are needed, and for nothing else. They
        are kept on this computer.
      </p>
      ${this.#renderKnown()} ${this.#renderKept()}
    `;
  }
}

function inMegabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}

declare global {
  interface HTMLElementTagNameMap {
    "page-address": AddressPicker;
  }
}
