import { css, html, LitElement, type PropertyValues, unsafeCSS } from "lit";
import { customElement, property, query } from "lit/decorators.js";
import uPlot from "uplot";
import uPlotStyles from "uplot/dist/uPlot.min.css?inline";
import { base } from "./styles.ts";
import { Trace } from "./trace.ts";

/** Drawing a hundred times a second would take time from the run. */
const REDRAW_MS = 100;

/** The objective by iteration, as it climbs. */
@customElement("page-plot")
export class LossPlot extends LitElement {
  static override readonly styles = [
    unsafeCSS(uPlotStyles),
    base,
    css`
      .plot {
        position: relative;
        block-size: 132px;
        /* The canvas within follows this box, so it must not widen it. */
        contain: size;
        color: var(--accent);
      }
      .axis {
        color: var(--ink-soft);
      }
      .grid {
        color: var(--line);
      }
      .u-legend {
        display: none;
      }
    `,
  ];

  /** Changes when the colours of the page do; they are drawn into a canvas and must be read again. */
  @property() theme = "";
  @property({ attribute: false }) trace = new Trace();
  @query(".plot") private readonly box!: HTMLElement;

  #plot: uPlot | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #resized = new ResizeObserver(() => this.#fit());

  /** Call after the trace has changed; draws soon. */
  refresh(): void {
    this.#timer ??= setTimeout(() => this.#draw(), REDRAW_MS);
  }

  #draw(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#plot?.setData([this.trace.iterations, this.trace.values]);
  }

  #fit(): void {
    this.#plot?.setSize({ width: this.box.clientWidth, height: this.box.clientHeight });
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.hasUpdated) this.#build();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resized.disconnect();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#plot?.destroy();
    this.#plot = undefined;
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has("theme") || changed.has("trace")) this.#build();
  }

  #colour(selector: string): string {
    const element = this.renderRoot.querySelector(selector);
    return element ? getComputedStyle(element).color : "";
  }

  #build(): void {
    this.#plot?.destroy();
    const axis: uPlot.Axis = {
      stroke: this.#colour(".axis"),
      font: "11px system-ui, sans-serif",
      grid: { stroke: this.#colour(".grid"), width: 1 },
      ticks: { show: false },
    };
    const options: uPlot.Options = {
      width: Math.max(this.box.clientWidth, 100),
      height: Math.max(this.box.clientHeight, 100),
      cursor: { show: false },
      legend: { show: false },
      scales: { x: { time: false } },
      axes: [
        { ...axis, size: 24, gap: 4, space: 60 },
        { ...axis, size: 44, gap: 6, space: 32 },
      ],
      series: [{}, { stroke: this.#colour(".plot"), width: 1.75, points: { show: false } }],
    };
    this.#plot = new uPlot(options, [this.trace.iterations, this.trace.values], this.box);
    this.#resized.observe(this.box);
  }

  protected override render() {
    return html`<div class="plot" role="img" aria-label="The objective by iteration"></div>
      <span class="axis"></span><span class="grid"></span>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "page-plot": LossPlot;
  }
}
