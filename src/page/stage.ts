import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import type { AscentView, RunState } from "../element/ascent-view.ts";
import type { AscentError } from "../errors.ts";
import type { Network } from "../model/network.ts";
import type { Recipe } from "../optvis/recipe.ts";
import { wallSize } from "../optvis/wall.ts";
import { icons } from "./icons.ts";
import { sentence } from "./message.ts";
import type { ModelChoice } from "./model-choice.ts";
import { pictureView } from "./picture-view.ts";
import { stageStyles } from "./stage-styles.ts";
import { base, buttons } from "./styles.ts";
import "./wall-label.ts";

const RUN_LABELS: Readonly<Record<RunState, string>> = {
  empty: "Run",
  loading: "Run",
  running: "Pause",
  hidden: "Pause",
  paused: "Run",
  finished: "Go on",
  failed: "Try again",
};

/**
 * The picture in its frame, its label, and the buttons that run and save it.
 * @fires {CustomEvent} save
 * @fires {CustomEvent} link
 * @fires {CustomEvent} close - of the refusal, or of a download that shall end
 */
@customElement("page-stage")
export class Stage extends LitElement {
  static override readonly styles = [base, buttons, stageStyles];

  @property({ attribute: false }) recipe!: Recipe;
  @property({ attribute: false }) choice!: ModelChoice;
  @property({ attribute: false }) photo: Blob | undefined;
  @property({ attribute: false }) network: Network | undefined;
  /** Show pixels as squares instead of smoothing between them. */
  @property({ type: Boolean }) crisp = false;
  /** What went wrong with the GPU or the run: there is nothing to draw. */
  @property({ attribute: false }) error: AscentError | undefined;
  /** Why a file that was given was not taken. The picture goes on. */
  @property({ attribute: false }) refusal: AscentError | undefined;
  /** How far a download is, in words. */
  @property() transfer = "";
  /** What stands in place of the picture. */
  @property({ attribute: false }) instead: TemplateResult | undefined;

  @state() private runState: RunState = "empty";
  @state() private iteration = 0;
  @state() private rate = 0;
  @state() private objective: number | undefined;
  /** What should be known of the picture, in one line. */
  @state() private remark: string | undefined;
  /** Whether a picture has been on the canvas. */
  @state() private hung = false;

  @query("ascent-view") readonly view!: AscentView;
  @query(".frame") private readonly frame!: HTMLElement;
  @query(".progress") private readonly progress!: HTMLElement;

  toggleRun(): void {
    if (this.runState === "running" || this.runState === "hidden") this.view.pause();
    else this.view.start();
  }

  /** One iteration; a run that is going pauses first. */
  async step(): Promise<void> {
    this.view.pause();
    await this.view.step();
  }

  async restart(): Promise<void> {
    await this.view.reset();
    this.view.start();
  }

  #onState(): void {
    this.runState = this.view.state;
  }

  #onReady(): void {
    this.hung = true;
    this.iteration = 0;
    this.rate = 0;
    this.objective = undefined;
    this.remark = undefined;
  }

  #onStep(event: HTMLElementEventMap["ascent-step"]): void {
    const { iteration, iterationsPerSecond, objective, remark } = event.detail;
    this.remark = remark;
    this.iteration = iteration;
    this.rate = iterationsPerSecond;
    if (objective !== undefined || iteration === 0) this.objective = objective;
  }

  protected override updated(changed: PropertyValues): void {
    const { width, height } = wallSize(this.recipe.batch, this.recipe.size);
    if (changed.has("recipe")) this.frame.style.setProperty("--aspect", String(width / height));
    const done = Math.min(1, this.iteration / Math.max(1, this.recipe.iterations));
    this.progress.style.transform = `scaleX(${done})`;
  }

  #renderOverPicture() {
    const { error, refusal, instead } = this;
    if (instead) return instead;
    if (!error && this.transfer) {
      return html`<div class="failure quiet" role="status">
        ${this.transfer} <button @click=${() => this.#tell("close")}>Cancel</button>
      </div>`;
    }
    if (!error && refusal) {
      return html`<div class="failure" role="alert">
        <strong>${sentence(refusal.message)}</strong> ${refusal.remedy ? html`<span>${sentence(refusal.remedy)}</span>` : nothing}
        <button class="icon" aria-label="Close" title="Close" @click=${() => this.#tell("close")}>${icons.close}</button>
      </div>`;
    }
    if (error) {
      return html`<div class="failure ${this.hung ? "" : "alone"}" role="alert">
        <strong>${sentence(error.message)}</strong> ${error.remedy ? html`<span>${sentence(error.remedy)}</span>` : nothing}
      </div>`;
    }
    if (!this.hung && this.runState === "loading")
      return html`<p class="waiting" role="status">Hanging the picture</p>`;
    return nothing;
  }

  #renderView() {
    const { recipe, choice } = this;
    return pictureView(recipe, choice, this.photo, {
      scaling: this.crisp ? "crisp" : "smooth",
      ready: () => this.#onReady(),
      state: () => this.#onState(),
      step: (event) => this.#onStep(event),
    });
  }

  #renderTransport() {
    const going = this.runState === "running" || this.runState === "hidden";
    const busy = !this.hung;
    const again = this.runState === "failed";
    // When the device is lost, the picture is lost too, though the canvas still shows it.
    const gone = again && this.view.recipe === undefined;
    return html`<div class="transport" role="group" aria-label="Run">
      <button class="primary" ?disabled=${busy && !again} @click=${this.toggleRun} aria-keyshortcuts="Space" title="Space">
        ${going ? icons.pause : icons.play} ${RUN_LABELS[this.runState]}
      </button>
      <button class="icon" ?disabled=${busy} aria-label="One iteration" title="One iteration  ." aria-keyshortcuts="." @click=${this.step}>${icons.step}</button>
      <button class="icon" ?disabled=${busy} aria-label="Restart" title="Restart  R" aria-keyshortcuts="r" @click=${this.restart}>${icons.restart}</button>
      <span class="gap"></span>
      <button ?disabled=${busy || gone} aria-label="Save as PNG" title="Save as PNG" @click=${() => this.#tell("save")}>${icons.save} <span class="long">Save</span></button>
      <button aria-label="Copy link to this recipe" title="Copy link to this recipe" @click=${() => this.#tell("link")}>${icons.link} <span class="long">Copy link</span></button>
    </div>`;
  }

  #tell(what: "save" | "link" | "close"): void {
    this.dispatchEvent(new CustomEvent(what));
  }

  #renderNumbers() {
    return html`<dl>
      <div><dt>Iteration</dt><dd>${this.iteration}</dd></div>
      <div><dt>Per second</dt><dd>${this.rate ? readable(this.rate) : "–"}</dd></div>
      <div><dt>Objective</dt><dd>${this.objective === undefined ? "–" : readable(this.objective)}</dd></div>
    </dl>`;
  }

  protected override render() {
    return html`
      <div class="wall">
        <div class="frame">
          <div class="picture ${this.instead ? "asks" : ""}">${this.#renderView()} ${this.#renderOverPicture()}<div class="progress"></div></div>
        </div>
      </div>
      ${this.#renderTransport()}
      ${this.remark ? html`<p class="remark" role="status">${this.remark}.</p>` : nothing}
      <div class="below">
        <page-label .recipe=${this.recipe} .network=${this.network}></page-label>
        ${this.#renderNumbers()}
      </div>
    `;
  }
}

/** Three significant digits; an exponent only for very large and very small values. */
function readable(value: number): string {
  if (!Number.isFinite(value)) return "not finite";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(2).replace("-", "−");
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2).replace("-", "−");
}

declare global {
  interface HTMLElementTagNameMap {
    "page-stage": Stage;
  }
}
