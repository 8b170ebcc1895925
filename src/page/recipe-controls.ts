import "@awesome.me/webawesome/dist/components/switch/switch.js";
import type WaSwitch from "@awesome.me/webawesome/dist/components/switch/switch.js";
import { css, html, LitElement, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { AscentError } from "../errors.ts";
import type { Preprocess } from "../model/network.ts";
import { isRecipe, recipeNames, recipeSettings } from "../optvis/named-recipes.ts";
import { paramOf } from "../optvis/params/param.ts";
import {
  type NumericField,
  type OptimizerKind,
  type ParamKind,
  type Recipe,
  recipeBounds,
} from "../optvis/recipe.ts";
import { withoutPixelRegularizers } from "../optvis/regularizers.ts";
import { parseTransforms } from "../optvis/transforms/transforms.ts";
import { icons } from "./icons.ts";
import { MOST_IMAGES } from "./link.ts";
import { errorMessage } from "./message.ts";
import "./number-field.ts";
import "./segmented.ts";
import "./size-field.ts";
import { base, buttons, fields } from "./styles.ts";

const SIDES = [64, 96, 128, 192, 256, 384, 512] as const;

const STARTS = [
  { value: "zeros", text: "Zeros" },
  { value: "noise", text: "Noise" },
  { value: "photo", text: "Photograph" },
] as const;

const ENLARGEMENTS = [
  { value: "smooth", text: "Smooth" },
  { value: "crisp", text: "Crisp pixels" },
] as const;

const OPTIMIZERS: readonly { readonly kind: OptimizerKind; readonly text: string }[] = [
  { kind: "rms", text: "RMS-normalised ascent" },
  { kind: "normalized", text: "L2-normalised ascent" },
  { kind: "mean", text: "Ascent over the mean gradient" },
  { kind: "sgd", text: "Plain ascent" },
  { kind: "momentum", text: "Momentum" },
  { kind: "adam", text: "Adam" },
  { kind: "rmsprop", text: "RMSprop" },
  { kind: "nadam", text: "NAdam" },
];

const PARAMS: readonly { readonly kind: ParamKind; readonly text: string }[] = [
  { kind: "pixel", text: "Pixels" },
  { kind: "fourier", text: "Fourier spectrum" },
  { kind: "laplacian", text: "Laplacian pyramid" },
  { kind: "cppn", text: "Small network (CPPN)" },
  { kind: "maco", text: "Phase alone (MACO)" },
];

/** Exponents of ten of the sliders for rate and decay; the left end of the latter is zero. */
const RATES = { from: -4, to: 4, step: 0.05 } as const;
const DECAYS = { from: -8, to: 1, step: 0.1 } as const;
/** Of the frequencies that images have in common, in cycles. */
const CYCLES = { from: 0, to: 32, step: 0.5 } as const;

/** Whether images of it can have low frequencies in common. */
function hasFrequencies(param: ParamKind): boolean {
  return paramOf(param).coarse !== undefined;
}

/**
 * Everything of a recipe but its subject.
 * @fires {CustomEvent<Partial<Recipe>>} choose
 * @fires {CustomEvent<File>} photo
 * @fires {CustomEvent<"smooth" | "crisp">} scaling
 * @fires {CustomEvent<Recipe["size"]>} savedsize - height and width at which a CPPN is saved
 * @fires {CustomEvent} tuned - back to the tuned settings
 */
@customElement("page-recipe")
export class RecipeControls extends LitElement {
  static override readonly styles = [
    base,
    buttons,
    fields,
    css`
      .controls {
        display: grid;
        gap: 1.1rem;
      }
      h2 {
        margin-block: 2rem 1rem;
        font: 500 1.25rem/1.2 var(--serif);
      }
      section + section {
        margin-block-start: 2rem;
        border-block-start: 1px solid var(--line);
      }
      .presets {
        display: flex;
        flex-wrap: wrap;
        gap: 0.3rem;
        margin-block-start: 0.5rem;
      }
      .presets button {
        min-block-size: 30px;
        flex: 1;
        padding: 0 0.4em;
        font-size: 0.8125rem;
        font-variant-numeric: tabular-nums;
      }
      .presets button[aria-pressed="true"] {
        color: var(--accent);
        border-color: var(--accent);
      }
      .seed {
        display: grid;
        grid-template-columns: 1fr auto;
        gap: 0.5rem;
        align-items: end;
      }
      wa-switch {
        font-size: 0.875rem;
      }
      .file {
        margin-block-start: 0.6rem;
        display: flex;
        gap: 0.75rem;
        align-items: center;
        min-inline-size: 0;
      }
      .file span {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
        color: var(--ink-soft);
        font-size: 0.875rem;
      }
      .tuned {
        justify-self: start;
      }
    `,
  ];

  @property({ attribute: false }) recipe!: Recipe;
  /** Of the network that it is for. */
  @property() preprocess!: Preprocess;
  @property({ attribute: false }) sizeError: AscentError | undefined;
  @property({ attribute: false }) startError: AscentError | undefined;
  @property() photoName = "";
  /** How the picture is enlarged; of this page, not of the recipe. */
  @property() scaling: "smooth" | "crisp" = "smooth";
  /** Height and width at which a CPPN is saved; of this page, not of the recipe. */
  @property({ attribute: false }) savedSize!: Recipe["size"];
  @property({ type: Boolean }) isTuned = false;

  @state() private badTransforms: AscentError | undefined;

  #choose(change: Partial<Recipe>): void {
    this.dispatchEvent(new CustomEvent("choose", { detail: change }));
  }

  #number(field: NumericField) {
    return (event: CustomEvent<number>) => this.#choose({ [field]: event.detail });
  }

  readonly #pickPhoto = (event: Event): void => {
    const file = (event.target as HTMLInputElement).files?.[0];
    if (file) this.dispatchEvent(new CustomEvent("photo", { detail: file }));
  };

  #askForPhoto(): void {
    this.renderRoot.querySelector<HTMLInputElement>("#photo")?.click();
  }

  #chooseStart(init: Recipe["init"]): void {
    if (init !== "photo" || this.photoName) this.#choose({ init });
    else this.#askForPhoto();
  }

  #renderCanvas() {
    const [height, width] = this.recipe.size;
    const onSize = ({ detail: size }: CustomEvent<Recipe["size"]>) => this.#choose({ size });
    return html`
      <div>
        <page-size label="Size" .value=${this.recipe.size} .error=${this.sizeError} @choose=${onSize}></page-size>
        <div class="presets" role="group" aria-label="Usual sizes">
          ${SIDES.map(
            (side) => html`<button
              aria-pressed=${height === side && width === side ? "true" : "false"}
              aria-label="${side} by ${side} pixels"
              @click=${() => this.#choose({ size: [side, side] })}
            >${side}</button>`,
          )}
        </div>
      </div>
      ${this.#renderImages()}
      <div>
        <span class="label">Start</span>
        <page-segmented
          label="Start"
          .segments=${STARTS}
          .value=${this.recipe.init}
          @choose=${(event: CustomEvent<Recipe["init"]>) => this.#chooseStart(event.detail)}
        ></page-segmented>
        <input id="photo" type="file" accept="image/*" hidden aria-label="Photograph" @change=${this.#pickPhoto}>
        ${
          this.photoName
            ? html`<div class="file">
                <button @click=${this.#askForPhoto}>${icons.file} Another photograph</button>
                <span>${this.photoName}</span>
              </div>`
            : nothing
        }
        ${errorMessage(this.startError)}
      </div>
      <div>
        <span class="label">Enlarged</span>
        <page-segmented
          label="Enlarged"
          .segments=${ENLARGEMENTS}
          .value=${this.scaling}
          @choose=${(event: CustomEvent<string>) => this.dispatchEvent(new CustomEvent("scaling", { detail: event.detail }))}
        ></page-segmented>
      </div>
      <div class="seed">
        <page-number label="Seed" note="of noise and jitter" whole max=${recipeBounds.seed.most} .value=${this.recipe.seed} @choose=${this.#number("seed")}></page-number>
        <button class="icon" aria-label="Another seed" @click=${() => this.#choose({ seed: Math.floor(Math.random() * 1e6) })}>${icons.dice}</button>
      </div>
    `;
  }

  /** How many images, what they have in common, and at what size they are saved, where these can be chosen. */
  #renderImages() {
    const { batch, param, share } = this.recipe;
    const onSaved = ({ detail }: CustomEvent<Recipe["size"]>) =>
      this.dispatchEvent(new CustomEvent("savedsize", { detail }));
    return html`
      <page-number label="Images" note="at once" whole min="1" max=${MOST_IMAGES} .value=${batch} @choose=${this.#number("batch")}></page-number>
      ${
        batch > 1 && hasFrequencies(param)
          ? html`<page-number label="In common" note="frequencies up to, cycles" .slider=${CYCLES} max=${recipeBounds.share.most} .value=${share} @choose=${this.#number("share")}></page-number>`
          : nothing
      }
      ${
        param === "cppn"
          ? html`<page-size label="Saved at" .value=${this.savedSize} @choose=${onSaved}></page-size>`
          : nothing
      }
    `;
  }

  /** A recipe by name, what is optimised, and the transforms in front of the network. */
  #renderParameterization() {
    const { recipe, preprocess } = this;
    const onName = (event: Event) => {
      const name = recipeNames.find((one) => one === (event.target as HTMLSelectElement).value);
      if (!name) return;
      const settings = recipeSettings(name, preprocess);
      this.#choose({ ...settings, ...(name === "deepdream" && { init: recipe.init }) });
    };
    const onParam = (event: Event) => {
      const param = (event.target as HTMLSelectElement).value as ParamKind;
      this.#choose({
        param,
        ...(param !== "pixel" && withoutPixelRegularizers),
        ...(!paramOf(param).plane && { alpha: false }),
        ...(!hasFrequencies(param) && { share: 0 }),
      });
    };
    const onTransforms = (event: Event) => {
      try {
        const transforms = (event.target as HTMLInputElement).value.trim() || "none";
        parseTransforms(transforms);
        this.badTransforms = undefined;
        this.#choose({ transforms });
      } catch (error) {
        if (!(error instanceof AscentError)) throw error;
        this.badTransforms = error;
      }
    };
    return html`
      <div>
        <label for="recipe-name">Recipe</label>
        <select id="recipe-name" @change=${onName}>
          <option value="">As set below</option>
          ${recipeNames.map((name) => html`<option value=${name} ?selected=${isRecipe(name, recipe, preprocess)}>${name}</option>`)}
        </select>
      </div>
      <div>
        <label for="param">What is optimised</label>
        <select id="param" @change=${onParam}>
          ${PARAMS.map(({ kind, text }) => html`<option value=${kind} ?selected=${kind === recipe.param}>${text}</option>`)}
        </select>
      </div>
      <wa-switch
        .checked=${recipe.alpha}
        ?disabled=${!paramOf(recipe.param).plane}
        @change=${(event: Event) => this.#choose({ alpha: (event.target as WaSwitch).checked })}
      >
        Optimise opacity too, over random backgrounds
      </wa-switch>
      <div>
        <label for="transforms">Transforms <span class="visually-hidden">none, standard or a list</span></label>
        <input
          id="transforms"
          type="text"
          autocomplete="off"
          .value=${recipe.transforms}
          aria-invalid=${this.badTransforms ? "true" : "false"}
          aria-describedby="transforms-error"
          @change=${onTransforms}
        >
        ${errorMessage(this.badTransforms, "transforms-error")}
      </div>
      <page-number label="Transform strength" note="live" .slider=${{ from: 0, to: 1, step: 0.05 }} max="1" .value=${recipe.strength} @choose=${this.#number("strength")}></page-number>
    `;
  }

  #renderAscent() {
    const { recipe } = this;
    const onOptimizer = (event: Event) =>
      this.#choose({ optimizer: (event.target as HTMLSelectElement).value as OptimizerKind });
    return html`
      <div>
        <label for="optimizer">Optimizer</label>
        <select id="optimizer" @change=${onOptimizer}>
          ${OPTIMIZERS.map(
            ({ kind, text }) =>
              html`<option value=${kind} ?selected=${kind === recipe.optimizer}>${text}</option>`,
          )}
        </select>
      </div>
      <page-number label="Learning rate" note="RGB 0–1 · live" scale="decades" .slider=${RATES} max=${recipeBounds.lr.most} .value=${recipe.lr} @choose=${this.#number("lr")}></page-number>
      <page-number label="L2 decay" note="toward the zero input · live" scale="decades" .slider=${DECAYS} max=${recipeBounds.l2.most} .value=${recipe.l2} @choose=${this.#number("l2")}></page-number>
      <page-number label="Jitter" note="pixels" whole .slider=${{ from: 0, to: 32, step: 1 }} max=${recipeBounds.jitter.most} .value=${recipe.jitter} @choose=${this.#number("jitter")}></page-number>
      <page-number label="Blur" note="standard deviation, pixels · live" .slider=${{ from: 0, to: 4, step: 0.1 }} max=${recipeBounds.blur.most} .value=${recipe.blur} @choose=${this.#number("blur")}></page-number>
      <page-number label="Blur every" note="iterations · live" whole min="1" max=${recipeBounds.blurEvery.most} .value=${recipe.blurEvery} @choose=${this.#number("blurEvery")}></page-number>
      <page-number label="Blur of the gradient" note="standard deviation, pixels · live" .slider=${{ from: 0, to: 4, step: 0.1 }} max=${recipeBounds.blurGradient.most} .value=${recipe.blurGradient} @choose=${this.#number("blurGradient")}></page-number>
      <page-number label="Decay" note="part lost at a step · live" .slider=${{ from: 0, to: 0.5, step: 0.01 }} max="1" .value=${recipe.decay} @choose=${this.#number("decay")}></page-number>
      <div class="row">
        <page-number label="Clip small norms" note="percent · live" max="100" .value=${recipe.clipNorm} @choose=${this.#number("clipNorm")}></page-number>
        <page-number label="Clip small shares" note="percent · live" max="100" .value=${recipe.clipContribution} @choose=${this.#number("clipContribution")}></page-number>
      </div>
      <div class="row">
        <page-number label="At half size" note="iterations" whole max=${recipeBounds.coarse.most} .value=${recipe.coarse} @choose=${this.#number("coarse")}></page-number>
        <page-number label="Stop after" note="iterations" whole min="1" max=${recipeBounds.iterations.most} .value=${recipe.iterations} @choose=${this.#number("iterations")}></page-number>
      </div>
      <wa-switch .checked=${recipe.clamp} @change=${(event: Event) => this.#choose({ clamp: (event.target as WaSwitch).checked })}>
        Clamp colours to 0–1 after each iteration
      </wa-switch>
      <wa-switch .checked=${recipe.redirect} @change=${(event: Event) => this.#choose({ redirect: (event.target as WaSwitch).checked })}>
        Redirect gradients of ReLUs that are off, at first
      </wa-switch>
      <wa-switch .checked=${recipe.standardize} @change=${(event: Event) => this.#choose({ standardize: (event.target as WaSwitch).checked })}>
        Show it standardised, around grey
      </wa-switch>
      <button class="tuned" ?disabled=${this.isTuned} @click=${() => this.dispatchEvent(new CustomEvent("tuned"))}>
        Back to tuned settings
      </button>
    `;
  }

  protected override render() {
    return html`
      <section aria-labelledby="canvas-title">
        <h2 id="canvas-title">Canvas</h2>
        <div class="controls">${this.#renderCanvas()}</div>
      </section>
      <section aria-labelledby="ascent-title">
        <h2 id="ascent-title">Ascent</h2>
        <div class="controls">${this.#renderParameterization()}${this.#renderAscent()}</div>
      </section>
    `;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "page-recipe": RecipeControls;
  }
}
