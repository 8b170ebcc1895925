import { css, html, LitElement, nothing, type PropertyValues } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { type AscentError, asAscentError } from "../errors.ts";
import { fitOf } from "../methods/classify.ts";
import type { Drawn, RankedRow } from "../methods/method.ts";
import { type MethodName, methods } from "../methods/methods.ts";
import type { Tensor } from "../methods/report.ts";
import { inNetworksColours } from "../methods/shared/image.ts";
import type { Network, Size } from "../model/network.ts";
import { imageChannels } from "../model/shapes.ts";
import { type fitPhoto, toPixels } from "../optvis/picture.ts";
import { icons } from "./icons.ts";
import { errorMessage } from "./message.ts";
import type { ModelChoice } from "./model-choice.ts";
import {
  isByLayer,
  optionsFor,
  photoMethods,
  photoTensor,
  runMethod,
  SIDE,
  sizeFor,
  takesMany,
} from "./photo-methods.ts";
import "./ranked-rows.ts";
import { base, buttons, fields, matted } from "./styles.ts";
import { spatialLayers, telltaleLayer, titleOf } from "./subject.ts";
import { Workshop } from "./workshop.ts";

/**
 * A photograph, what a method makes of it, and the choice of both.
 * @fires {CustomEvent<File>} photo - one was chosen
 */
@customElement("page-photo")
export class PhotoRoom extends LitElement {
  static override readonly styles = [
    base,
    buttons,
    fields,
    css`
      .bar {
        display: flex;
        flex-wrap: wrap;
        gap: 0.75rem;
        align-items: end;
        margin-block-end: 1.25rem;
      }
      .bar > div {
        min-inline-size: 11rem;
      }
      .pictures {
        display: grid;
        grid-template-columns: repeat(2, minmax(0, 20rem));
        gap: clamp(0.75rem, 2.5vw, 2rem);
      }
      figure {
        display: grid;
        gap: 0.5rem;
        align-content: start;
      }
      canvas:not([hidden]) {
        display: block;
        ${matted}
      }
      figcaption,
      .remark {
        color: var(--ink-soft);
        font-size: 0.875rem;
      }
      .what {
        color: var(--ink-soft);
        font: italic 1rem/1.4 var(--serif);
        margin-block-end: 1rem;
      }
    `,
  ];

  @property({ attribute: false }) network: Network | undefined;
  @property({ attribute: false }) choice!: ModelChoice;
  @property({ attribute: false }) photo: File | undefined;
  @property() spec = "";

  @state() private method: MethodName = "saliency";
  /** Chosen together; `photo` is the first of them. */
  @state() private photos: readonly File[] = [];
  @state() private layer = "";
  @state() private step: number | undefined;
  /** Of the running method; 0 where that is not known. */
  @state() private steps = 0;
  @state() private error: AscentError | undefined;
  @state() private caption = "";
  /** Instead of a picture: names with their share. */
  @state() private rows: readonly RankedRow[] = [];
  /** What should be known of the picture, one line each. */
  @state() private remarks: readonly string[] = [];

  @query("#original") private readonly original!: HTMLCanvasElement;
  @query("input[type=file]") private readonly input!: HTMLInputElement;
  @query("#made") private readonly made!: HTMLCanvasElement;

  readonly #workshop = new Workshop();
  /** Counts runs and photographs; what comes late is dropped. */
  #turn = 0;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#turn++;
    this.#workshop.close();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (this.network && (changed.has("network") || !this.layer)) {
      if (!spatialLayers(this.network).includes(this.layer)) this.layer = telltaleLayer(this.network);
    }
    if (changed.has("photo") && this.photo !== this.photos[0]) this.photos = this.photo ? [this.photo] : [];
  }

  protected override updated(changed: PropertyValues<this>): void {
    const before = changed.get("network");
    const otherColours = before && this.network && imageChannels(before) !== imageChannels(this.network);
    if ((changed.has("photo") || otherColours) && this.photo) void this.#showPhoto(this.photo);
  }

  async #showPhoto(photo: File): Promise<void> {
    const turn = ++this.#turn;
    this.error = undefined;
    this.step = undefined;
    try {
      const { data } = await this.#tensorOf([photo], [SIDE, SIDE]);
      if (turn !== this.#turn) return;
      paint(this.original, { rgb: data, size: [SIDE, SIDE] });
      this.caption = "";
      this.rows = [];
      this.remarks = [];
    } catch (error) {
      if (turn === this.#turn) this.error = asAscentError(error);
    }
  }

  /** As the network sees them: grey, where it reads grey. */
  async #tensorOf(photos: readonly File[], size: Size, fit?: typeof fitPhoto): Promise<Tensor> {
    const image = await photoTensor(photos, size, fit);
    return this.network ? inNetworksColours({ network: this.network }, { image }).image : image;
  }

  async #run(photo: File, network: Network): Promise<void> {
    const turn = ++this.#turn;
    const { method, spec, layer } = this;
    const about = methods[method];
    const { name, steps } = about;
    const photos = takesMany(method) ? this.photos : [photo];
    this.error = undefined;
    this.step = 0;
    this.steps = 0;
    try {
      const image = await this.#tensorOf(photos, sizeFor(method, network, { spec, layer }), fitOf(about));
      const options = optionsFor(method, image, { spec, layer });
      this.steps = steps(options);
      const open = await this.#workshop.open(this.choice);
      const made = await runMethod(open, method, options, (step) => {
        if (turn === this.#turn) this.step = step;
      });
      if (turn !== this.#turn) return;
      const { drawn } = made;
      if (drawn) paint(this.made, drawn);
      this.rows = made.rows ?? [];
      const names = drawn?.order?.map((n) => photos[n]?.name).join(", ");
      const subject = isByLayer(method) ? layer : titleOf(spec, network).title;
      this.caption =
        about.subject === "none" ? name : `${name}, ${subject}${names === undefined ? "" : `: ${names}`}`;
      this.remarks = made.remarks;
    } catch (error) {
      if (turn === this.#turn) this.error = asAscentError(error);
    } finally {
      if (turn === this.#turn) {
        this.step = undefined;
        this.#workshop.close();
      }
    }
  }

  #pick(event: Event): void {
    const files = [...((event.target as HTMLInputElement).files ?? [])];
    if (!files[0]) return;
    this.photos = files;
    this.dispatchEvent(new CustomEvent("photo", { detail: files[0] }));
  }

  #renderBar(photo: File | undefined) {
    const { method, step, steps, network } = this;
    const busy = step !== undefined;
    const choose = takesMany(method)
      ? "Choose photographs"
      : photo
        ? "Another photograph"
        : "Choose a photograph";
    const chosen = (event: Event) => (event.target as HTMLSelectElement).value;
    return html`<div class="bar">
      <div>
        <span class="label" id="photo-label">Photograph</span>
        <button aria-describedby="photo-label" @click=${() => this.input.click()}>
          ${icons.file} ${choose}
        </button>
        <input type="file" accept="image/*" multiple hidden @change=${this.#pick} />
      </div>
      <div>
        <label for="method">Method</label>
        <select id="method" @change=${(event: Event) => {
          this.method = chosen(event) as MethodName;
        }}>
          ${photoMethods.map(
            (key) => html`<option value=${key} ?selected=${key === method}>${methods[key].name}</option>`,
          )}
        </select>
      </div>
      <div ?hidden=${!isByLayer(method)}>
        <label for="layer">Layer</label>
        <select id="layer" @change=${(event: Event) => {
          this.layer = chosen(event);
        }}>
          ${(network ? spatialLayers(network) : []).map(
            (name) => html`<option value=${name} ?selected=${name === this.layer}>${name}</option>`,
          )}
        </select>
      </div>
      <button class="make" ?disabled=${!photo || !network || busy} @click=${() => photo && network && void this.#run(photo, network)}>
        ${icons.play} ${busy ? (steps > 0 ? `${step} of ${steps}` : "Working") : "Make it"}
      </button>
    </div>`;
  }

  protected override render() {
    const { photo, method, caption } = this;
    const more = this.photos.length - 1;
    return html`${this.#renderBar(photo)}
      <p class="what" role="status">${methods[method].name}: ${methods[method].caption ?? methods[method].sentence}.</p>
      ${errorMessage(this.error)}
      <div class="pictures" ?hidden=${!photo}>
        <figure>
          <canvas id="original" width=${SIDE} height=${SIDE} role="img" aria-label="The photograph"></canvas>
          <figcaption>${photo?.name ?? nothing}${more > 0 ? ` and ${more} more` : nothing}</figcaption>
        </figure>
        <figure ?hidden=${!caption}>
          <page-ranked .rows=${this.rows} ?hidden=${this.rows.length === 0}></page-ranked>
          <canvas id="made" ?hidden=${this.rows.length > 0} width=${SIDE} height=${SIDE} role="img" aria-label=${caption}></canvas>
          <figcaption>${caption}</figcaption>
          ${this.remarks.map((line) => html`<p class="remark">${line}.</p>`)}
        </figure>
      </div>`;
  }
}

function paint(canvas: HTMLCanvasElement, { rgb, size: [height, width] }: Drawn): void {
  canvas.width = width;
  canvas.height = height;
  canvas.style.aspectRatio = `${width} / ${height}`;
  canvas
    .getContext("2d")
    ?.putImageData(new ImageData(toPixels(rgb, [height, width], 4), width, height), 0, 0);
}

declare global {
  interface HTMLElementTagNameMap {
    "page-photo": PhotoRoom;
  }
}
