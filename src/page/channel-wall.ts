import { css, html, LitElement, nothing, type PropertyValues } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { createAscent } from "../engine/run/ascent.ts";
import { type AscentError, asAscentError } from "../errors.ts";
import type { Network } from "../model/network.ts";
import { convolutionNames, layerChannels } from "../model/shapes.ts";
import { argumentOf } from "../optvis/algebra.ts";
import { toPixels } from "../optvis/picture.ts";
import { defaultRecipe, type Recipe } from "../optvis/recipe.ts";
import { channelSettings } from "../optvis/recipes.ts";
import { channelSpec } from "../optvis/terms/channels.ts";
import { icons } from "./icons.ts";
import { errorMessage } from "./message.ts";
import type { ModelChoice } from "./model-choice.ts";
import { sideFor } from "./sides.ts";
import { base, buttons, fields } from "./styles.ts";
import { spatialLayers } from "./subject.ts";
import { Workshop } from "./workshop.ts";

/** A quick preview: side of a picture in pixels where the network takes it, channels drawn at once, and iterations. */
const SIDE = 48;
const BATCH = 8;
const ITERATIONS = 64;

/**
 * A wall of all channels of a layer. They are drawn on request, a batch at a time. A click makes a channel the subject.
 * @fires {CustomEvent<string>} choose - spec of the channel that was opened
 */
@customElement("page-wall")
export class ChannelWall extends LitElement {
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
        min-inline-size: 12rem;
      }
      .count {
        color: var(--ink-soft);
        font-size: 0.875rem;
        font-variant-numeric: tabular-nums;
        padding-block-end: 0.7rem;
      }
      .grid {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(72px, 1fr));
        gap: 10px;
        /* Hundreds of channels must not bury what stands below. */
        max-block-size: min(38rem, 80vh);
        overflow-y: auto;
        padding: 3px;
      }
      .cell {
        display: block;
        block-size: auto;
        padding: 5px 5px 3px;
        background: var(--mat);
        border-color: var(--line);
        border-radius: 3px;
        font: 500 0.6875rem/1.3 var(--sans);
        color: var(--ink-soft);
        font-variant-numeric: tabular-nums;
      }
      .cell[aria-pressed="true"] {
        outline: 2px solid var(--accent);
      }
      canvas {
        display: block;
        inline-size: 100%;
        aspect-ratio: 1;
        background: light-dark(#ece7de, #191815);
      }
    `,
  ];

  @property({ attribute: false }) network: Network | undefined;
  @property({ attribute: false }) choice!: ModelChoice;
  /** The objective of the picture. The wall shows its layer until another is chosen, and marks its channel. */
  @property() spec = "";

  @state() private layer = "";
  @state() private drawn = 0;
  @state() private going = false;
  @state() private error: AscentError | undefined;
  /** Of each picture, in pixels. */
  @state() private side = SIDE;
  /** The cell that has the focus of the arrow keys. */
  @state() private current = 0;

  readonly #workshop = new Workshop();
  #stop: AbortController | undefined;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#halt();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!this.network || !(changed.has("network") || changed.has("spec") || changed.has("choice"))) return;
    const layers = spatialLayers(this.network);
    const named = layers.find((name) => argumentOf(this.spec)?.split(":")[0] === name);
    const kept = changed.has("choice") ? undefined : layers.find((name) => name === this.layer);
    const layer = kept ?? named ?? convolutionNames(this.network).at(-1) ?? "";
    if (layer !== this.layer || changed.has("choice")) this.#hang(layer);
  }

  /** An empty wall of a layer. */
  #hang(layer: string): void {
    this.#halt();
    this.layer = layer;
    this.side = this.network ? sideFor(this.network, { layer }, SIDE) : SIDE;
    this.drawn = 0;
    this.current = 0;
    this.error = undefined;
    for (const canvas of this.renderRoot?.querySelectorAll("canvas") ?? []) canvas.width = this.side;
  }

  #halt(): void {
    this.#stop?.abort();
    this.#stop = undefined;
    this.going = false;
    this.#workshop.close();
  }

  async #draw(): Promise<void> {
    const stop = new AbortController();
    this.#stop = stop;
    this.going = true;
    this.error = undefined;
    try {
      const { gpu, model } = await this.#workshop.open(this.choice);
      const count = layerChannels(model.network, this.layer);
      while (this.drawn < count && !stop.signal.aborted) {
        const channels = Array.from(
          { length: Math.min(BATCH, count - this.drawn) },
          (_, i) => this.drawn + i,
        );
        const recipe = recipeOf(this.layer, channels, this.side);
        const ascent = await createAscent(gpu, model, recipe);
        for await (const _ of ascent.run({ iterations: ITERATIONS, signal: stop.signal }));
        const images = stop.signal.aborted ? undefined : await ascent.readImage();
        ascent.dispose();
        if (!images) return;
        this.#show(images, channels);
        this.drawn += channels.length;
      }
    } catch (error) {
      if (!stop.signal.aborted) this.error = asAscentError(error);
    } finally {
      if (this.#stop === stop) this.#halt();
    }
  }

  #show(images: Float32Array, channels: readonly number[]): void {
    const canvases = this.renderRoot.querySelectorAll("canvas");
    const { side } = this;
    const length = images.length / channels.length;
    channels.forEach((channel, n) => {
      const rgb = images.subarray(n * length, (n + 1) * length);
      const pixels = new ImageData(toPixels(rgb, [side, side], 4), side, side);
      canvases[channel]?.getContext("2d")?.putImageData(pixels, 0, 0);
    });
  }

  /** Arrow keys, Home and End move between the pictures, of which one is in the tab order. */
  #onKey(event: KeyboardEvent): void {
    const cells = [...this.renderRoot.querySelectorAll<HTMLElement>(".cell")];
    const columns = cells.filter(({ offsetTop }) => offsetTop === cells[0]?.offsetTop).length;
    const move = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
    const end = { Home: 0, End: cells.length - 1 }[event.key];
    const next = end ?? (move === undefined ? undefined : this.current + move);
    if (next === undefined) return;
    event.preventDefault();
    this.current = Math.min(Math.max(next, 0), cells.length - 1);
    cells[this.current]?.focus();
  }

  #open(channel: number): void {
    this.current = channel;
    this.dispatchEvent(new CustomEvent("choose", { detail: channelSpec(this.layer, channel) }));
  }

  #renderBar(network: Network, count: number) {
    const { drawn, going } = this;
    const label = going ? "Stop" : drawn === 0 ? "Draw all" : "Go on";
    return html`<div class="bar">
      <div>
        <label for="layer">Layer</label>
        <select id="layer" @change=${(event: Event) => this.#hang((event.target as HTMLSelectElement).value)}>
          ${spatialLayers(network).map(
            (name) => html`<option value=${name} ?selected=${name === this.layer}>
              ${name} · ${layerChannels(network, name)} channels
            </option>`,
          )}
        </select>
      </div>
      <button ?disabled=${!going && drawn === count} @click=${() => (going ? this.#halt() : void this.#draw())}>
        ${going ? icons.pause : icons.play} ${label}
      </button>
      <span class="count" role="status">${drawn > 0 || going ? `${drawn} of ${count}` : nothing}</span>
    </div>`;
  }

  protected override render() {
    const { network, layer, side, spec } = this;
    if (!network || !layer) return nothing;
    const count = layerChannels(network, layer);
    return html`${this.#renderBar(network, count)} ${errorMessage(this.error)}
      <div class="grid" role="group" aria-label="Channels of ${layer}" @keydown=${this.#onKey}>
        ${Array.from(
          { length: count },
          (_, channel) => html`<button
            class="cell"
            tabindex=${channel === this.current ? 0 : -1}
            aria-label="Channel ${channel}"
            aria-pressed=${spec === channelSpec(layer, channel)}
            @click=${() => this.#open(channel)}
          ><canvas width=${side} height=${side} aria-hidden="true"></canvas>${channel}</button>`,
        )}
      </div>`;
  }
}

/** Every channel its own image of one batch. */
function recipeOf(layer: string, channels: readonly number[], side: number): Recipe {
  return {
    ...defaultRecipe,
    ...channelSettings,
    objective: channelSpec(layer, ...channels),
    size: [side, side],
    batch: channels.length,
    // Each channel has its own seed, the one of the atlas, whatever batch it is in.
    seed: channels[0] ?? 0,
    iterations: ITERATIONS,
  };
}

declare global {
  interface HTMLElementTagNameMap {
    "page-wall": ChannelWall;
  }
}
