/** The bench: what `ascent bench --json` measures, in the browser that opens this page. */
import { css, html, LitElement, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";
import { browserGpu } from "../element/gpu-access.ts";
import { browserTuning } from "../element/tuning-storage.ts";
import { AscentError, asAscentError } from "../errors.ts";
import { type Gpu, requestGpu } from "../gpu/device.ts";
import { type BenchReport, bench } from "../methods/bench.ts";
import { openModel } from "../model/model.ts";
import { urlSource } from "../model/url-source.ts";
import { benchRecipe, type Recipe } from "../optvis/recipe.ts";
import { recipeFromQuery } from "../optvis/recipe-text.ts";
import { embeddedUrl } from "./embedded.ts";
import { icons, mark } from "./icons.ts";
import { errorMessage } from "./message.ts";
import { pageStyles } from "./page-styles.ts";
import { base, buttons, fields } from "./styles.ts";

const ITERATIONS = 30;

/** The work that `npm run bench` measures. */
const STANDARD = [
  { objective: "class:goldfish", size: [64, 64] },
  { objective: "class:goldfish", size: [128, 128] },
  { objective: "channel:relu3_1:7", size: [224, 224] },
] as const;

/** The standard work, or the one recipe that the address names: `?bench&objective=class:pizza&size=96`. */
function workOf(query: string): readonly Recipe[] {
  const base: Recipe = { ...benchRecipe, iterations: ITERATIONS };
  if (!new URLSearchParams(query).get("objective")) return STANDARD.map((work) => ({ ...base, ...work }));
  const asked = recipeFromQuery(query, base);
  return [{ ...asked, init: "noise", iterations: Math.max(2, asked.iterations) }];
}

@customElement("ascent-bench")
export class AscentBench extends LitElement {
  static override readonly styles = [
    base,
    buttons,
    fields,
    pageStyles,
    css`
      main {
        grid-template-columns: minmax(0, 1fr);
        gap: 1.75rem;
        align-content: start;
      }
      h1 {
        font: 500 clamp(1.75rem, 1.2rem + 2vw, 2.5rem) / 1.15 var(--serif);
        margin-block: 1.5rem 0.5rem;
      }
      .lead {
        max-inline-size: 42rem;
        color: var(--ink-soft);
      }
      .actions {
        display: flex;
        flex-wrap: wrap;
        gap: 0.5rem;
        align-items: center;
      }
      .scroll {
        overflow-x: auto;
      }
      table {
        inline-size: 100%;
        border-collapse: collapse;
        font-variant-numeric: tabular-nums;
      }
      caption {
        text-align: start;
        font: 500 1.25rem/1.4 var(--serif);
        padding-block-end: 0.5rem;
      }
      th,
      td {
        padding: 0.6rem 1rem 0.6rem 0;
        text-align: end;
        white-space: nowrap;
        border-block-end: 1px solid var(--line);
      }
      th:first-child {
        text-align: start;
      }
      thead th {
        font-size: 0.8125rem;
        font-weight: 500;
        color: var(--ink-soft);
      }
      tbody th {
        font: 400 0.875rem var(--mono);
      }
    `,
  ];

  readonly #work = workOf(location.search);
  @state() private reports: readonly BenchReport[] = [];
  @state() private running: AbortController | undefined;
  @state() private progress = "";
  @state() private error: AscentError | undefined;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.running?.abort();
  }

  /** @param tune measure the kernels as well, for the next start */
  async #start(tune = false): Promise<void> {
    const running = new AbortController();
    this.running = running;
    this.reports = [];
    this.error = undefined;
    let gpu: Gpu | undefined;
    try {
      gpu = await requestGpu(browserGpu());
      await this.#measure(gpu, running.signal, tune);
    } catch (error) {
      this.error = asAscentError(error);
    } finally {
      gpu?.dispose();
      this.running = undefined;
      this.progress = "";
    }
  }

  async #measure(gpu: Gpu, signal: AbortSignal, tune: boolean): Promise<void> {
    for (const [index, recipe] of this.#work.entries()) {
      if (signal.aborted) return;
      const { objective, iterations } = recipe;
      const onProgress = (iteration: number) => {
        this.progress = `${objective}, ${index + 1} of ${this.#work.length}: iteration ${iteration} of ${iterations}`;
      };
      onProgress(0);
      const storage = browserTuning;
      const context = { runtime: "browser", startedAt: Date.now(), signal, onProgress, storage } as const;
      const model = await openModel(await urlSource(embeddedUrl));
      const { report } = await bench.run(gpu, model, { recipe, profile: true, tune }, context);
      if (!signal.aborted) this.reports = [...this.reports, report];
    }
  }

  readonly #copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(this.json);
      this.progress = "Copied";
    } catch (cause) {
      this.error = new AscentError("the browser does not let this page copy", {
        remedy: "allow the clipboard for this page",
        cause,
      });
    }
  };

  /** A JSON array of the reports that `ascent bench --json` prints, each with its objective. */
  get json(): string {
    const reports = this.reports.map((report, index) => ({ spec: this.#work[index]?.objective, ...report }));
    return JSON.stringify(reports);
  }

  get #summary(): string {
    const tuned = this.reports.reduce((sum, { tuning }) => sum + (tuning?.measured ?? 0), 0);
    return tuned === 0 ? "Done" : `Done; ${tuned} kernels timed for the next start`;
  }

  #renderTable() {
    if (this.reports.length === 0) return nothing;
    return html`<div class="scroll" tabindex="0" role="region" aria-label="Measurements">
      <table>
        <caption>${this.reports[0]?.adapter}</caption>
        <thead>
          <tr>
            <th scope="col">Objective</th>
            <th scope="col">Size</th>
            <th scope="col">Iterations/s</th>
            <th scope="col">GFLOP/s</th>
            <th scope="col">First image, s</th>
            <th scope="col">Memory, MiB</th>
          </tr>
        </thead>
        <tbody>
          ${this.reports.map(
            (report, index) => html`<tr>
              <th scope="row">${this.#work[index]?.objective}</th>
              <td>${report.size.join(" × ")}</td>
              <td>${figure(report.iterationsPerSecond)}</td>
              <td>${figure(report.gflops)}</td>
              <td>${figure(report.firstImageSeconds)}</td>
              <td>${figure(report.allocatedBytes / 2 ** 20)}</td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
  }

  /** The time of each part of an iteration, for the measurements whose kernels the device could time. */
  #renderProfiles() {
    return this.reports.map(({ profile, size }, index) => {
      if (!profile) return nothing;
      const title = `${this.#work[index]?.objective}, ${size.join(" × ")}, by kernel`;
      return html`<div class="scroll" tabindex="0" role="region" aria-label=${title}>
        <table>
          <caption>${title}</caption>
          <thead>
            <tr>
              <th scope="col">Kernel</th>
              <th scope="col">Dispatches</th>
              <th scope="col">ms</th>
              <th scope="col">Share</th>
              <th scope="col">GFLOP/s</th>
              <th scope="col">GB/s</th>
              <th scope="col">Of the limit</th>
            </tr>
          </thead>
          <tbody>
            ${profile.kernels.map(
              (kernel) => html`<tr>
                <th scope="row">${kernel.kernel}</th>
                <td>${kernel.dispatches}</td>
                <td>${figure(kernel.milliseconds)}</td>
                <td>${percent(kernel.share)}</td>
                <td>${figure(kernel.gflops)}</td>
                <td>${figure(kernel.gbs)}</td>
                <td>${percent(kernel.ofLimit)}</td>
              </tr>`,
            )}
          </tbody>
        </table>
        <p class="lead">
          Limits measured here: ${figure(profile.limits.fmaGflops)} GFLOP/s of multiply-adds in registers,
          ${figure(profile.limits.copyGbs)} GB/s copying; a plain matrix product runs at
          ${figure(profile.limits.matmulGflops)} GFLOP/s.
        </p>
      </div>`;
    });
  }

  protected override render() {
    const done = this.reports.length === this.#work.length;
    return html`
      <header>
        <div class="page"><a class="wordmark" href="./">${mark} Ascent</a></div>
      </header>
      <main class="page">
        <div>
          <h1>How fast is this browser?</h1>
          <p class="lead">
            ${this.#work[0]?.iterations} iterations each on the embedded network, as <code>npm run bench</code> measures them:
            loading, compiling and the first iteration are not in the rate. Tuning times every variant of the kernels
            on this device too and remembers the fastest; runs that start later take them.
          </p>
        </div>
        <div class="actions">
          ${
            this.running
              ? html`<button @click=${() => this.running?.abort()}>Stop</button>`
              : html`<button class="primary" @click=${() => this.#start()}>${icons.play} Measure</button>
                  <button class="tune" @click=${() => this.#start(true)}>Measure and tune</button>`
          }
          <button class="copy" ?disabled=${this.reports.length === 0} @click=${this.#copy}>${icons.copy} Copy as JSON</button>
          <span role="status">${this.progress || (done ? this.#summary : "")}</span>
        </div>
        ${errorMessage(this.error)} ${this.#renderTable()} ${this.#renderProfiles()}
      </main>
    `;
  }
}

/** Three significant digits. */
function figure(value: number | null): string {
  return value === null ? "–" : String(Number(value.toPrecision(3)));
}

function percent(fraction: number | null): string {
  return fraction === null ? "–" : `${figure(100 * fraction)} %`;
}

declare global {
  interface HTMLElementTagNameMap {
    "ascent-bench": AscentBench;
  }
}
