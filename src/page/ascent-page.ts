import { html, LitElement, nothing } from "lit";
import { customElement, query, state } from "lit/decorators.js";
import type { AscentView, Concern } from "../element/ascent-view.ts";
import { decodePhoto } from "../element/photo.ts";
import { placeInNetwork } from "../element/placement.ts";
import { type AscentError, asAscentError } from "../errors.ts";
import type { Network } from "../model/network.ts";
import type { Recipe } from "../optvis/recipe.ts";
import { listenForDrops } from "./drops.ts";
import type { FormulaLine } from "./formula-line.ts";
import { openingRecipe, readLink, writeLink } from "./link.ts";
import type { LossPlot } from "./loss-plot.ts";
import { isOwn, type ModelChoice, nameOf } from "./model-choice.ts";
import { NetworkDesk } from "./network-desk.ts";
import { overPicture } from "./over-stage.ts";
import { pageHeader } from "./page-header.ts";
import { pageRooms } from "./page-rooms.ts";
import { pictureName, saveFile } from "./save.ts";
import { listenForShortcuts } from "./shortcuts.ts";
import "./stage.ts";
import { pageStyles } from "./page-styles.ts";
import type { Stage } from "./stage.ts";
import { base, buttons } from "./styles.ts";
import { fittingRecipe, titleOf, withoutAlpha } from "./subject.ts";
import { currentTheme, onSystemTheme, type Theme, toggleTheme } from "./theme.ts";
import { Trace } from "./trace.ts";
import { changedRecipe, isTuned, tunedFor } from "./tuned.ts";

type Errors = Readonly<Partial<Record<Concern, AscentError>>>;

const NOTICE_MS = 4000;

/** The page: a picture on a wall, and the controls of the ascent that draws it. */
@customElement("ascent-page")
export class AscentPage extends LitElement {
  static override readonly styles = [base, buttons, pageStyles];

  @state() private recipe: Recipe = openingRecipe;
  @state() private photo: File | undefined;
  @state() private adapterName = "";
  @state() private errors: Errors = {};
  @state() private theme: Theme = currentTheme();
  @state() private scaling: "smooth" | "crisp" = "smooth";
  /** Height and width at which a CPPN is saved; the recipe's size if undefined. */
  @state() private savedSize: Recipe["size"] | undefined;
  @state() private notice = "";
  @state() private dragging = false;
  @state() private view: AscentView | undefined;

  @query("page-stage") private readonly stage!: Stage;
  @query("page-plot") private readonly plot!: LossPlot;
  @query("page-formula") private readonly formula!: FormulaLine;

  readonly #trace = new Trace();
  /** The address as it was written last. */
  #written = "";
  #stopListening: readonly (() => void)[] = [];
  readonly #desk = new NetworkDesk(this, ({ network }, before) => {
    const base = isOwn(this.#desk.shown) ? this.recipe : openingRecipe;
    this.errors = {};
    this.recipe = fittingRecipe(base, network, before);
  });

  override connectedCallback(): void {
    super.connectedCallback();
    this.#openLink();
    window.addEventListener("hashchange", this.#openLink);
    this.#stopListening = [
      () => window.removeEventListener("hashchange", this.#openLink),
      listenForShortcuts({
        " ": () => this.stage.toggleRun(),
        ".": () => void this.stage.step(),
        r: () => void this.stage.restart(),
      }),
      listenForDrops({
        onDrag: (dragging) => {
          this.dragging = dragging;
        },
        onPhoto: (photo) => void this.#usePhoto(photo),
        onWeights: (files) => void this.#desk.take(files),
      }),
      onSystemTheme(() => {
        this.theme = currentTheme();
      }),
    ];
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const stop of this.#stopListening) stop();
  }

  protected override async firstUpdated(): Promise<void> {
    await this.stage.updateComplete;
    this.#listenTo(this.stage);
    // The engine and the picture load first. The controls follow.
    await import("./panel.ts");
  }

  #listenTo({ view }: Stage): void {
    this.view = view;
    view.addEventListener("ascent-ready", ({ detail }) => {
      this.#desk.ready(detail);
      this.adapterName = detail.adapterName;
      this.errors = {};
      this.#trace.clear();
    });
    view.addEventListener("ascent-transfer", ({ detail }) => this.#desk.report(detail));
    view.addEventListener("ascent-remark", ({ detail }) => this.#say(detail));
    view.addEventListener("ascent-step", ({ detail }) => {
      if (detail.iteration === 0) this.#trace.clear();
      else this.#trace.add(detail.objectives, detail.iteration);
      this.plot.refresh?.();
      this.formula.now = detail;
    });
    view.addEventListener("ascent-error", ({ concern, detail }) => {
      this.errors = { ...this.errors, [concern]: detail };
    });
  }

  readonly #openLink = (): void => {
    const { recipe, ...linked } = readLink(location.hash);
    this.recipe = recipe;
    void this.#desk.follow(linked);
  };

  protected override updated(): void {
    const address = this.#address;
    if (address !== this.#written) history.replaceState(null, "", address);
    this.#written = address;
  }

  get #address(): string {
    const { missing, shown } = this.#desk;
    const linked = missing ?? { ...shown, file: nameOf(shown) };
    return `${location.pathname}${location.search}${writeLink({ ...linked, recipe: this.recipe })}`;
  }

  /**
   * Takes a change if the network allows it. Otherwise the page says why beside the control, and the run goes on as it was.
   * Tuned settings that nobody has changed follow the kind of subject and the size.
   */
  #change(change: Partial<Recipe>): void {
    const recipe = changedRecipe(this.recipe, change, this.#network, this.#network);
    let stage: "objective" | "size" = "objective";
    try {
      if (this.#network) {
        placeInNetwork(this.#network, recipe, (next) => {
          stage = next;
        });
      }
    } catch (error) {
      // A change of the size is answered beside the size, even where a neuron's position no longer fits.
      this.#fail(error, change.size ? "size" : stage);
      return;
    }
    const { objective: _objective, size: _size, init: _init, run: _run, ...others } = this.errors;
    this.errors = others;
    this.recipe = recipe;
  }

  /** When opacity is turned off, the objective loses its `alpha` term. */
  #changeRecipe(change: Partial<Recipe>): void {
    const { recipe } = this;
    const network = this.#network;
    const opaque = network && recipe.alpha && change.alpha === false;
    this.#change(opaque ? { ...change, objective: withoutAlpha(recipe.objective, network) } : change);
  }

  #fail(error: unknown, concern: Concern): void {
    const typed = asAscentError(error);
    this.errors = { ...this.errors, [concern]: typed };
  }

  readonly #changeSubject = ({ detail: objective }: CustomEvent<string>): void => {
    this.#change({ objective });
  };

  /** A channel of the wall becomes the subject, and the page scrolls to the picture. */
  readonly #openChannel = (event: CustomEvent<string>): void => {
    this.#changeSubject(event);
    this.stage.scrollIntoView({ behavior: "smooth", block: "start" });
  };

  /** A picture that cannot be read leaves the one that runs alone. */
  readonly #usePhoto = async (photo: File): Promise<void> => {
    try {
      await decodePhoto(photo);
    } catch (error) {
      this.#desk.refuse(error);
      return;
    }
    this.photo = photo;
    this.#change({ init: "photo" });
  };

  readonly #switchTheme = (): void => {
    toggleTheme();
    this.theme = currentTheme();
  };

  readonly #save = async (): Promise<void> => {
    try {
      const { objective, param, size } = this.recipe;
      const { title } = titleOf(objective, this.#network);
      const other = param === "cppn" ? this.savedSize : undefined;
      saveFile(await this.stage.view.toBlob(other), pictureName(title, other ?? size));
    } catch (error) {
      this.#fail(error, "run");
    }
  };

  readonly #copyLink = async (): Promise<void> => {
    const link = new URL(this.#address, location.href).href;
    try {
      await navigator.clipboard.writeText(link);
      const missing = this.recipe.init === "photo" ? ", without the photograph" : "";
      this.#say(`Link copied${missing}`);
    } catch {
      this.#say(`Copy it from the address bar: ${link}`);
    }
  };

  readonly #closeRefusal = (): void => {
    this.#desk.leave();
    const { init: _, ...others } = this.errors;
    this.errors = others;
  };

  get #network(): Network | undefined {
    return this.#desk.opened?.network;
  }

  #say(text: string): void {
    this.notice = text;
    setTimeout(() => {
      if (this.notice === text) this.notice = "";
    }, NOTICE_MS);
  }

  #renderPicture() {
    const { errors } = this;
    const desk = this.#desk;
    const error = errors.gpu ?? errors.run ?? errors.model ?? (desk.opened ? undefined : desk.refusal);
    return html`<section class="picture-side" aria-label="Picture">
      <page-stage
        .recipe=${this.recipe}
        .choice=${desk.shown}
        .photo=${this.photo}
        .network=${this.#network}
        .crisp=${this.scaling === "crisp"}
        .error=${error}
        .refusal=${desk.refusal ?? errors.init}
        .transfer=${desk.progress}
        .instead=${overPicture(desk)}
        @close=${this.#closeRefusal}
        @save=${this.#save}
        @link=${this.#copyLink}
      ></page-stage>
      <figure>
        <figcaption>Objective by iteration</figcaption>
        <page-plot .trace=${this.#trace} .theme=${this.theme}></page-plot>
      </figure>
      <page-film
        .view=${this.view}
        @back=${() => {
          this.recipe = this.view?.recipe ?? this.recipe;
        }}
        @fault=${({ detail }: CustomEvent<unknown>) => this.#fail(detail, "run")}
      ></page-film>
      <page-formula .recipe=${this.recipe}></page-formula>
    </section>`;
  }

  #renderPanel() {
    const { errors, recipe } = this;
    const desk = this.#desk;
    const network = this.#network;
    return html`<aside class="panel" aria-label="Controls">
      <page-presets
        .recipe=${recipe}
        .network=${network}
        .preprocess=${desk.preprocess}
        @choose=${(event: CustomEvent<Partial<Recipe>>) => this.#changeRecipe(event.detail)}
      ></page-presets>
      <section aria-labelledby="subject-title">
        <h2 id="subject-title">Subject</h2>
        <page-subject
          .network=${network}
          .spec=${recipe.objective}
          .error=${errors.objective}
          @choose=${this.#changeSubject}
        ></page-subject>
      </section>
      <page-recipe
        .recipe=${recipe}
        .sizeError=${errors.size}
        .startError=${errors.init}
        .photoName=${this.photo?.name ?? ""}
        .isTuned=${isTuned(recipe, network)}
        .scaling=${this.scaling}
        @scaling=${(event: CustomEvent<"smooth" | "crisp">) => {
          this.scaling = event.detail;
        }}
        .savedSize=${this.savedSize ?? recipe.size}
        @savedsize=${(event: CustomEvent<Recipe["size"]>) => {
          this.savedSize = event.detail;
        }}
        @choose=${(event: CustomEvent<Partial<Recipe>>) => this.#changeRecipe(event.detail)}
        @photo=${(event: CustomEvent<File>) => void this.#usePhoto(event.detail)}
        @tuned=${() => this.#change(tunedFor(recipe, network))}
      ></page-recipe>
      <section class="network" aria-labelledby="network-title">
        <h2 id="network-title">Network</h2>
        <page-model
          .opened=${desk.choice === desk.shown ? desk.opened : undefined}
          .choice=${desk.choice}
          .refusal=${desk.refusal}
          .isRemembered=${desk.isRemembered}
          @choose=${(event: CustomEvent<ModelChoice>) => void desk.choose(event.detail)}
          @files=${(event: CustomEvent<readonly File[]>) => void desk.take(event.detail)}
          @remember=${(event: CustomEvent<boolean>) => void desk.remember(event.detail)}
        ></page-model>
      </section>
    </aside>`;
  }

  #renderRooms() {
    const { recipe, photo } = this;
    const { opened, shown, preprocess } = this.#desk;
    return pageRooms(
      { network: opened?.network, preprocess, shown, recipe, photo },
      {
        channel: this.#openChannel,
        photo: ({ detail }) => {
          this.photo = detail;
        },
      },
    );
  }

  protected override render() {
    return html`
      ${pageHeader(this.theme, this.#switchTheme)}
      <main>
        <div class="page page">${this.#renderPicture()} ${this.#renderPanel()}</div>
        ${this.#renderRooms()}
      </main>
      <footer>
        <div class="page">
          <span class="keys"><kbd>Space</kbd> run or pause &ensp; <kbd>.</kbd> one iteration &ensp; <kbd>R</kbd> restart</span>
          <span>Everything is computed on this computer${this.adapterName ? `: ${this.adapterName}` : ""}</span>
        </div>
      </footer>
      <div class="notice" role="status">${this.notice}</div>
      ${this.dragging ? html`<div class="drop">Weights or a photograph</div>` : nothing}
    `;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "ascent-page": AscentPage;
  }
}
