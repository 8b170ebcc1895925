import { css, html, LitElement, nothing, type PropertyValues } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import type { AscentView, Checkpoint, StepDetail } from "../element/ascent-view.ts";
import { type Frame, History } from "./history.ts";
import { base, buttons, matted } from "./styles.ts";

/** What it takes to show a frame, and to go back to it. */
interface Held {
  readonly thumbnail: ImageBitmap;
  readonly checkpoint: Checkpoint;
  readonly objective: number | undefined;
}

/** A picture that was held to be compared. */
interface Pinned {
  readonly url: string;
  readonly iteration: number;
  readonly objective: number | undefined;
  readonly checkpoint: Checkpoint;
}

const THUMBNAIL = 96;
/** A frame costs a copy and a small picture: not more often than this. */
const FRAME_MS = 300;

/**
 * The run as a film: its history is scrubbed by pointer or keys, and the run goes on from any frame. A frame can be held as A
 * beside the picture as it is.
 * @fires {CustomEvent} back - the view went back to a frame: its recipe is as it was then
 * @fires {CustomEvent<unknown>} fault - what failed
 */
@customElement("page-film")
export class FilmStrip extends LitElement {
  static override readonly styles = [
    base,
    buttons,
    css`
      .strip {
        position: relative;
        block-size: 3rem;
        background: var(--line);
        border-radius: 2px;
      }
      canvas.frames {
        display: block;
        inline-size: 100%;
        block-size: 100%;
      }
      input {
        position: absolute;
        inset: 0;
        inline-size: 100%;
        block-size: 100%;
        margin: 0;
        appearance: none;
        background: none;
        cursor: ew-resize;
        --thumb: 3rem;
      }
      input::-webkit-slider-thumb {
        appearance: none;
        inline-size: var(--thumb);
        block-size: 3rem;
        border: 3px solid var(--accent);
        border-radius: 2px;
        background: none;
      }
      input::-moz-range-thumb {
        box-sizing: border-box;
        inline-size: var(--thumb);
        block-size: 3rem;
        border: 3px solid var(--accent);
        border-radius: 2px;
        background: none;
      }
      .line {
        display: flex;
        flex-wrap: wrap;
        gap: 0.5rem;
        align-items: center;
        margin-block-start: 0.5rem;
        font-size: 0.8125rem;
        color: var(--ink-soft);
      }
      .line p {
        flex: 1;
        min-inline-size: 10rem;
        font-variant-numeric: tabular-nums;
      }
      .pair {
        display: grid;
        grid-template-columns: 1fr 1fr;
        gap: 1rem;
        margin-block-start: 1rem;
      }
      .pair img,
      .pair canvas {
        ${matted}
        object-fit: contain;
      }
      figcaption {
        margin-block-start: 0.4rem;
        font-size: 0.8125rem;
        color: var(--ink-soft);
      }
    `,
  ];

  @property({ attribute: false }) view: AscentView | undefined;

  @state() private at = 0;
  @state() private count = 0;
  @state() private pinned: Pinned | undefined;

  @query("canvas.frames") private readonly canvas!: HTMLCanvasElement | null;
  @query("canvas.now") private readonly mirror!: HTMLCanvasElement | null;

  readonly #history = new History<Held>();
  /** The iteration that the run was taken back to, until it goes on. */
  #back: number | undefined;
  /** Of the run: frames of another one that arrive late are dropped. */
  #run = 0;
  #isTaking = false;
  #takenAt = 0;
  /** Goes back to the newest frame that was asked for, one at a time. */
  #going: Promise<void> | undefined;
  #wanted: Frame<Held> | undefined;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#listen(this.view, "removeEventListener");
    this.#letGo();
    this.#clear();
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has("view")) {
      this.#listen(changed.get("view"), "removeEventListener");
      this.#listen(this.view, "addEventListener");
    }
    this.#draw();
  }

  #listen(view: AscentView | undefined, how: "addEventListener" | "removeEventListener"): void {
    view?.[how]("ascent-ready", this.#ready as EventListener);
    view?.[how]("ascent-step", this.#step as EventListener);
  }

  readonly #ready = (): void => {
    this.#run++;
    this.#letGo();
    this.#clear();
  };

  #clear(): void {
    for (const { held } of [...this.#history.frames, ...this.#history.left]) held.thumbnail.close();
    this.#history.clear();
    this.#back = undefined;
    this.count = 0;
    this.at = 0;
  }

  readonly #step = ({ detail }: CustomEvent<StepDetail>): void => {
    const { view, mirror } = this;
    if (!view) return;
    if (mirror) mirror.getContext("2d")?.drawImage(view.canvas, 0, 0, mirror.width, mirror.height);
    if (this.#back !== undefined) {
      if (detail.iteration === this.#back) return;
      this.#history.goBack(this.#back);
      this.#back = undefined;
    }
    void this.#take(view, detail);
  };

  /** Takes a frame of the picture on the canvas, where one is wanted. */
  async #take(view: AscentView, { iteration, objective }: StepDetail): Promise<void> {
    const isLast = iteration >= view.end && this.#history.frames.at(-1)?.iteration !== iteration;
    const isTime = !this.#isTaking && performance.now() - this.#takenAt >= FRAME_MS;
    if (!isLast && !(isTime && this.#history.wants(iteration))) return;
    this.#isTaking = true;
    this.#takenAt = performance.now();
    const run = this.#run;
    try {
      // Both are asked for at once, so that both are of the picture on the canvas.
      const [thumbnail, checkpoint] = await Promise.all([thumbnailOf(view.canvas), view.checkpoint()]);
      const isLate = run !== this.#run || this.#back !== undefined;
      if (isLate) thumbnail.close();
      else this.#add({ thumbnail, checkpoint, objective });
    } catch (error) {
      // The run itself tells of a lost device.
      if (run === this.#run) this.dispatchEvent(new CustomEvent("fault", { detail: error }));
    } finally {
      this.#isTaking = false;
    }
  }

  #add(held: Held): void {
    const { iteration, buffers } = held.checkpoint;
    const bytes = [...buffers.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
    this.#history.add({ iteration, held, bytes });
    this.count = this.#history.frames.length;
    this.at = this.count - 1;
    this.requestUpdate();
  }

  readonly #scrub = (event: Event): void => {
    const place = Number((event.target as HTMLInputElement).value);
    const frame = this.#history.frames[place];
    if (!frame) return;
    this.at = place;
    void this.#goBack(frame);
  };

  /** Pauses and puts the frame on the canvas. Of frames that are asked for in the meantime the newest counts. */
  async #goBack(frame: Frame<Held>): Promise<void> {
    this.#wanted = frame;
    this.#going ??= this.#goToWanted();
    await this.#going;
  }

  async #goToWanted(): Promise<void> {
    const { view } = this;
    try {
      view?.pause();
      for (let frame = this.#wanted; frame && view; frame = this.#wanted) {
        this.#wanted = undefined;
        this.#back = frame.iteration;
        await view.restore(frame.held.checkpoint);
      }
      this.dispatchEvent(new CustomEvent("back"));
    } catch (error) {
      this.dispatchEvent(new CustomEvent("fault", { detail: error }));
    } finally {
      this.#going = undefined;
    }
  }

  /** Goes back to the end of the way that was left: the frames of both ways change places. */
  readonly #takeOther = async (): Promise<void> => {
    const last = this.#history.left.at(-1);
    if (!last) return;
    await this.#goBack(last);
    this.#history.swap();
    this.count = this.#history.frames.length;
    this.at = this.count - 1;
    this.requestUpdate();
  };

  readonly #pin = async (): Promise<void> => {
    const { view } = this;
    if (!view) return;
    try {
      const [blob, checkpoint] = await Promise.all([view.toBlob(), view.checkpoint()]);
      this.#letGo();
      const objective = this.#history.frames[this.at]?.held.objective;
      this.pinned = {
        url: URL.createObjectURL(blob),
        iteration: checkpoint.iteration,
        objective,
        checkpoint,
      };
      await this.updateComplete;
      this.mirror?.getContext("2d")?.drawImage(await createImageBitmap(blob), 0, 0);
    } catch (error) {
      this.dispatchEvent(new CustomEvent("fault", { detail: error }));
    }
  };

  readonly #letGo = (): void => {
    if (this.pinned) URL.revokeObjectURL(this.pinned.url);
    this.pinned = undefined;
  };

  /** The frames side by side, each cut to its share of the width. */
  #draw(): void {
    const { canvas } = this;
    const { frames } = this.#history;
    if (!canvas || frames.length === 0) return;
    const ratio = devicePixelRatio;
    canvas.width = Math.round(canvas.clientWidth * ratio);
    canvas.height = Math.round(canvas.clientHeight * ratio);
    const { width, height } = canvas;
    const cell = width / frames.length;
    const context = canvas.getContext("2d");
    for (const [i, { held }] of frames.entries()) {
      const { thumbnail } = held;
      const part = Math.min(thumbnail.width, (thumbnail.height * cell) / height);
      const left = (thumbnail.width - part) / 2;
      context?.drawImage(thumbnail, left, 0, part, thumbnail.height, i * cell, 0, cell, height);
    }
    const input = this.renderRoot.querySelector("input");
    input?.style.setProperty("--thumb", `${canvas.clientWidth / frames.length}px`);
  }

  #renderPair({ url, iteration, objective, checkpoint }: Pinned) {
    const { view } = this;
    const said = objective === undefined ? "" : `, objective ${objective.toPrecision(4)}`;
    return html`<div class="pair">
      <figure>
        <img src=${url} alt="A, the picture at iteration ${iteration}">
        <figcaption>A: iteration ${iteration}${said}</figcaption>
      </figure>
      <figure>
        <canvas class="now" role="img" aria-label="B, the picture now" width=${view?.canvas.width ?? 1} height=${view?.canvas.height ?? 1}></canvas>
        <figcaption>B: as it is now</figcaption>
      </figure>
      <div class="line">
        <button @click=${() => this.#goBack({ iteration, held: { checkpoint, objective } as Held, bytes: 0 })}>Go back to A</button>
        <button @click=${this.#letGo}>Let A go</button>
      </div>
    </div>`;
  }

  protected override render() {
    const { at, count } = this;
    const frame = this.#history.frames[at];
    if (!frame) return nothing;
    const { iteration, held } = frame;
    const objective = held.objective === undefined ? "" : `, objective ${held.objective.toPrecision(4)}`;
    return html`
      <div class="strip">
        <canvas class="frames" aria-hidden="true"></canvas>
        <input
          type="range"
          min="0"
          max=${count - 1}
          step="1"
          .value=${String(at)}
          aria-label="History of the run"
          aria-valuetext="iteration ${iteration}${objective}"
          @input=${this.#scrub}
        >
      </div>
      <div class="line">
        <p>Frame at iteration ${iteration}${objective}. The run goes on from the frame that you choose.</p>
        <button @click=${this.#pin}>Hold as A</button>
        ${this.#history.left.length > 0 ? html`<button @click=${this.#takeOther}>The way before</button>` : nothing}
      </div>
      ${this.pinned ? this.#renderPair(this.pinned) : nothing}
    `;
  }
}

/** A small picture of a canvas as it is at this moment. */
function thumbnailOf(canvas: HTMLCanvasElement): Promise<ImageBitmap> {
  const scale = Math.min(1, THUMBNAIL / Math.min(canvas.width, canvas.height));
  return createImageBitmap(canvas, {
    resizeWidth: Math.max(1, Math.round(scale * canvas.width)),
    resizeHeight: Math.max(1, Math.round(scale * canvas.height)),
    resizeQuality: "medium",
  });
}

declare global {
  interface HTMLElementTagNameMap {
    "page-film": FilmStrip;
  }
}
