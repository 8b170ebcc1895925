import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { AscentError } from "../errors.ts";
import type { Preprocess } from "../model/network.ts";
import { checkValue, choicesOf, type NamesWith } from "../optvis/field.ts";
import { isRecipe, recipeNames, recipeSettings } from "../optvis/named-recipes.ts";
import { paramOf } from "../optvis/params/param.ts";
import {
  type ParamKind,
  type Recipe,
  type RecipeFields,
  recipeFieldNames,
  recipeRow,
} from "../optvis/recipe.ts";
import { recipeFields } from "../optvis/recipe-fields.ts";
import { withoutPixelRegularizers } from "../optvis/regularizers.ts";
import { type ControlOptions, fieldControl } from "./field-control.ts";
import { icons } from "./icons.ts";
import { pageBounds } from "./link.ts";
import { errorMessage } from "./message.ts";
import "./segmented.ts";
import { base, buttons, fields } from "./styles.ts";

const SIDES = [64, 96, 128, 192, 256, 384, 512] as const;

const ENLARGEMENTS = [
  { value: "smooth", text: "Smooth" },
  { value: "crisp", text: "Crisp pixels" },
] as const;

type Field = keyof Recipe;
/** Fields for which this page has a control of its own: one that is forgotten does not compile. */
type OwnField = NamesWith<RecipeFields, { readonly ownControl: true }>;

/** The order of the controls; fields side by side in a list of their own. What is not named comes after them. */
const CANVAS: readonly Field[] = ["size", "batch", "share"];
const ASCENT: readonly (Field | readonly Field[])[] = [
  ...(["param", "alpha", "transforms", "strength", "optimizer", "lr", "l2", "jitter"] as const),
  ...(["blur", "blurEvery", "blurGradient", "decay"] as const),
  ["clipNorm", "clipContribution"],
  ["coarse", "iterations"],
];

const NAMED: ReadonlySet<Field> = new Set([...CANVAS, "init", ...ASCENT.flat()]);

function isOwn(field: Field): field is OwnField {
  return recipeRow(field).ownControl === true;
}

/** Whether the images of a batch can share low frequencies. */
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

  #fields(list: readonly (Field | readonly Field[])[]): TemplateResult[] {
    return list.map((item) =>
      typeof item === "string" ? this.#field(item) : html`<div class="row">${this.#fields(item)}</div>`,
    );
  }

  /** Controls of a section that the order does not name. */
  #others(group: "canvas" | "ascent"): TemplateResult[] {
    return this.#fields(
      recipeFieldNames.filter((field) => recipeRow(field).group === group && !NAMED.has(field)),
    );
  }

  #field(field: Field): TemplateResult {
    return isOwn(field) ? this.#own[field]() : this.#plain(field);
  }

  #plain(field: Field, options: ControlOptions = {}): TemplateResult {
    const choose = (value: Recipe[Field]) => this.#choose({ [field]: value });
    const bounds = { ...pageBounds[field], ...options };
    return fieldControl(field, recipeRow(field), this.recipe[field], choose, bounds);
  }

  readonly #own: Readonly<Record<OwnField, () => TemplateResult>> = {
    size: () => html`<div>${this.#plain("size", { error: this.sizeError })}${this.#renderPresets()}</div>`,
    init: () => this.#renderStart(),
    param: () =>
      fieldControl("param", recipeFields.param, this.recipe.param, (param) => this.#chooseParam(param)),
    share: () => {
      const { batch, param } = this.recipe;
      return batch > 1 && hasFrequencies(param) ? this.#plain("share") : html``;
    },
    alpha: () => this.#plain("alpha", { disabled: !paramOf(this.recipe.param).plane }),
    transforms: () => {
      const { transforms } = recipeFields;
      const choose = (text: unknown) => this.#chooseTransforms(String(text));
      return fieldControl("transforms", transforms, this.recipe.transforms, choose, {
        error: this.badTransforms,
      });
    },
    seed: () => html`<div class="seed">
      ${this.#plain("seed")}
      <button class="icon" aria-label="Another seed" @click=${() => this.#choose({ seed: Math.floor(Math.random() * 1e6) })}>${icons.dice}</button>
    </div>`,
  };

  #renderPresets() {
    const [height, width] = this.recipe.size;
    return html`<div class="presets" role="group" aria-label="Usual sizes">
      ${SIDES.map(
        (side) => html`<button
          aria-pressed=${height === side && width === side ? "true" : "false"}
          aria-label="${side} by ${side} pixels"
          @click=${() => this.#choose({ size: [side, side] })}
        >${side}</button>`,
      )}
    </div>`;
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

  #renderStart() {
    const { label, choices } = recipeFields.init;
    const segments = Object.entries(choices).map(([value, text]) => ({ value, text }));
    return html`<div>
      <span class="label">${label}</span>
      <page-segmented
        label=${label}
        .segments=${segments}
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
    </div>`;
  }

  /** Chooses a parameterization and turns off what it cannot use. */
  #chooseParam(value: unknown): void {
    const param = choicesOf(recipeFields.param).find((kind) => kind === value);
    if (param === undefined) return;
    this.#choose({
      param,
      ...(param !== "pixel" && withoutPixelRegularizers),
      ...(!paramOf(param).plane && { alpha: false }),
      ...(!hasFrequencies(param) && { share: 0 }),
    });
  }

  #chooseTransforms(text: string): void {
    try {
      const transforms = checkValue("transforms", recipeFields.transforms, text.trim() || "none");
      this.badTransforms = undefined;
      this.#choose({ transforms });
    } catch (error) {
      if (!(error instanceof AscentError)) throw error;
      this.badTransforms = error;
    }
  }

  /** The size at which a CPPN is saved, which is of this page and not of the recipe. */
  #renderSavedSize() {
    if (this.recipe.param !== "cppn") return nothing;
    const row = { ...recipeFields.size, label: "Saved at" };
    return fieldControl("saved", row, this.savedSize, (size) =>
      this.dispatchEvent(new CustomEvent("savedsize", { detail: size })),
    );
  }

  #renderEnlargement() {
    return html`<div>
      <span class="label">Enlarged</span>
      <page-segmented
        label="Enlarged"
        .segments=${ENLARGEMENTS}
        .value=${this.scaling}
        @choose=${(event: CustomEvent<string>) => this.dispatchEvent(new CustomEvent("scaling", { detail: event.detail }))}
      ></page-segmented>
    </div>`;
  }

  #renderName() {
    const { recipe, preprocess } = this;
    const onName = (event: Event) => {
      const name = recipeNames.find((one) => one === (event.target as HTMLSelectElement).value);
      if (!name) return;
      const settings = recipeSettings(name, preprocess);
      this.#choose({ ...settings, ...(name === "deepdream" && { init: recipe.init }) });
    };
    return html`<div>
      <label for="recipe-name">Recipe</label>
      <select id="recipe-name" @change=${onName}>
        <option value="">As set below</option>
        ${recipeNames.map((name) => html`<option value=${name} ?selected=${isRecipe(name, recipe, preprocess)}>${name}</option>`)}
      </select>
    </div>`;
  }

  protected override render() {
    return html`
      <section aria-labelledby="canvas-title">
        <h2 id="canvas-title">Canvas</h2>
        <div class="controls">
          ${this.#fields(CANVAS)} ${this.#renderSavedSize()} ${this.#field("init")} ${this.#renderEnlargement()}
          ${this.#others("canvas")}
        </div>
      </section>
      <section aria-labelledby="ascent-title">
        <h2 id="ascent-title">Ascent</h2>
        <div class="controls">
          ${this.#renderName()} ${this.#fields(ASCENT)} ${this.#others("ascent")}
          <button class="tuned" ?disabled=${this.isTuned} @click=${() => this.dispatchEvent(new CustomEvent("tuned"))}>
            Back to tuned settings
          </button>
        </div>
      </section>
    `;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "page-recipe": RecipeControls;
  }
}
