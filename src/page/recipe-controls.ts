import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { AscentError } from "../errors.ts";
import { checkValue, choicesOf, type NamesWith } from "../optvis/field.ts";
import { paramOf } from "../optvis/params/param.ts";
import { type ParamKind, type Recipe, type RecipeFields, recipeRow } from "../optvis/recipe.ts";
import { recipeFields } from "../optvis/recipe-fields.ts";
import { withoutPixelRegularizers } from "../optvis/regularizers.ts";
import { type ControlOptions, fieldControl } from "./field-control.ts";
import { icons } from "./icons.ts";
import { pageBounds } from "./link.ts";
import { liveDot, liveDotStyles } from "./live-dot.ts";
import { errorMessage } from "./message.ts";
import "./segmented.ts";
import { FIRST_FIELDS, type Field, type SettingGroup, settingGroups } from "./setting-groups.ts";
import { base, buttons, fields } from "./styles.ts";

const SIDES = [64, 96, 128, 192, 256, 384, 512] as const;

const ENLARGEMENTS = [
  { value: "smooth", text: "Smooth" },
  { value: "crisp", text: "Crisp pixels" },
] as const;

/** Fields for which this page has a control of its own: one that is forgotten does not compile. */
type OwnField = NamesWith<RecipeFields, { readonly ownControl: true }>;

/** A row's help as a sentence. */
function sentence(help: string): string {
  return `${help.charAt(0).toUpperCase()}${help.slice(1)}.`;
}

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
    liveDotStyles,
    css`
      .controls {
        display: grid;
        gap: 1.1rem;
      }
      details {
        margin-block-start: 1.5rem;
        border-block-start: 1px solid var(--line);
      }
      summary {
        padding-block: 1rem;
        font: 500 1.25rem/1.2 var(--serif);
        cursor: pointer;
      }
      section {
        margin-block-start: 1.5rem;
        padding-block-start: 1.25rem;
        border-block-start: 1px solid var(--line);
      }
      h3 {
        font: 600 1rem/1.3 var(--sans);
      }
      .says {
        margin-block-end: 1rem;
        font-size: 0.875rem;
        color: var(--ink-soft);
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
        margin-block-start: 1.5rem;
      }
    `,
  ];

  @property({ attribute: false }) recipe!: Recipe;
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

  #fields(list: SettingGroup["fields"]): (TemplateResult | typeof nothing)[] {
    return list.map((item) =>
      typeof item === "string" ? this.#field(item) : html`<div class="row">${this.#fields(item)}</div>`,
    );
  }

  #field(field: Field): TemplateResult | typeof nothing {
    const control = isOwn(field) ? this.#own[field]() : this.#plain(field);
    if (control === nothing) return nothing;
    return html`<div data-field=${field}>${control}<p class="hint">${sentence(recipeRow(field).help)}</p></div>`;
  }

  #plain(field: Field, options: ControlOptions = {}): TemplateResult {
    const choose = (value: Recipe[Field]) => this.#choose({ [field]: value });
    const bounds = { ...pageBounds[field], ...options };
    return fieldControl(field, recipeRow(field), this.recipe[field], choose, bounds);
  }

  readonly #own: Readonly<Record<OwnField, () => TemplateResult | typeof nothing>> = {
    size: () => html`<div>${this.#plain("size", { error: this.sizeError })}${this.#renderPresets()}</div>`,
    init: () => this.#renderStart(),
    param: () =>
      fieldControl("param", recipeFields.param, this.recipe.param, (param) => this.#chooseParam(param)),
    share: () => {
      const { batch, param } = this.recipe;
      return batch > 1 && hasFrequencies(param) ? this.#plain("share") : nothing;
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

  #renderGroup({ title, says, fields: own }: SettingGroup, i: number) {
    const isLast = i === settingGroups.length - 1;
    return html`<section aria-labelledby="group-${i}">
      <h3 id="group-${i}">${title}</h3>
      <p class="says">${says}</p>
      <div class="controls">
        ${this.#fields(own)} ${isLast ? html`${this.#renderSavedSize()} ${this.#renderEnlargement()}` : nothing}
      </div>
    </section>`;
  }

  protected override render() {
    return html`
      <div class="controls">${this.#fields(FIRST_FIELDS)}</div>
      <details>
        <summary>All settings</summary>
        <p class="says">${liveDot} changes the run as it goes; every other setting starts it again.</p>
        ${settingGroups.map((group, i) => this.#renderGroup(group, i))}
        <button class="tuned" ?disabled=${this.isTuned} @click=${() => this.dispatchEvent(new CustomEvent("tuned"))}>
          Back to tuned settings
        </button>
      </details>
    `;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "page-recipe": RecipeControls;
  }
}
