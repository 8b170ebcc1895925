/** Controls made from rows of a table (`optvis/field.ts`), one for each kind of value. */
import "@awesome.me/webawesome/dist/components/switch/switch.js";
import type WaSwitch from "@awesome.me/webawesome/dist/components/switch/switch.js";
import { html, nothing, type TemplateResult } from "lit";
import { ifDefined } from "lit/directives/if-defined.js";
import type { AscentError } from "../errors.ts";
import type { Size } from "../model/network.ts";
import type { ChoiceRow, NumberRow, Row, SizeRow, SwitchRow, TextRow } from "../optvis/field.ts";
import { errorMessage } from "./message.ts";
import "./number-field.ts";
import "./size-field.ts";

/** What a control needs besides its row. */
export interface ControlOptions {
  /** The page may be narrower than the row. */
  readonly least?: number;
  readonly most?: number;
  readonly disabled?: boolean;
  /** Why the present value is refused. */
  readonly error?: AscentError | undefined;
}

/**
 * @param name the control's id
 * @param choose is called with a value that the row allows; for a text, with any value
 */
export function fieldControl(
  name: string,
  row: Row,
  value: Row["default"],
  choose: (value: Row["default"]) => void,
  options: ControlOptions = {},
): TemplateResult {
  switch (row.kind) {
    case "number":
      return numberControl(row, value as number, choose, options);
    case "choice":
      return choiceControl(name, row, value as string, choose);
    case "switch":
      return switchControl(row, value as boolean, choose, options);
    case "size":
      return sizeControl(row, value as Size, choose, options);
    case "text":
      return textControl(name, row, value as string, choose, options);
  }
}

function numberControl(
  row: NumberRow,
  value: number,
  choose: (value: number) => void,
  { least = row.least, most = row.most }: ControlOptions,
): TemplateResult {
  return html`<page-number
    label=${row.label}
    note=${ifDefined(row.note ?? row.unit)}
    ?live=${row.live === "always"}
    ?whole=${row.whole}
    min=${least}
    max=${most}
    scale=${row.slider?.scale ?? "linear"}
    .slider=${row.slider}
    .value=${value}
    @choose=${(event: CustomEvent<number>) => choose(event.detail)}
  ></page-number>`;
}

function choiceControl(
  name: string,
  { label, choices }: ChoiceRow,
  value: string,
  choose: (value: string) => void,
): TemplateResult {
  return html`<div>
    <label for=${name}>${label}</label>
    <select id=${name} @change=${(event: Event) => choose((event.target as HTMLSelectElement).value)}>
      ${Object.entries(choices).map(
        ([word, text]) => html`<option value=${word} ?selected=${word === value}>${text}</option>`,
      )}
    </select>
  </div>`;
}

function switchControl(
  { label }: SwitchRow,
  value: boolean,
  choose: (value: boolean) => void,
  { disabled = false }: ControlOptions,
): TemplateResult {
  return html`<wa-switch
    .checked=${value}
    ?disabled=${disabled}
    @change=${(event: Event) => choose((event.target as WaSwitch).checked)}
  >
    ${label}
  </wa-switch>`;
}

function sizeControl(
  { label }: SizeRow,
  value: Size,
  choose: (value: Size) => void,
  { error }: ControlOptions,
): TemplateResult {
  const onChoose = ({ detail }: CustomEvent<Size>) => choose(detail);
  return html`<page-size label=${label} .value=${value} .error=${error} @choose=${onChoose}></page-size>`;
}

function textControl(
  name: string,
  { label, note }: TextRow,
  value: string,
  choose: (value: string) => void,
  { error }: ControlOptions,
): TemplateResult {
  return html`<div>
    <label for=${name}>${label} ${note ? html`<span class="visually-hidden">${note}</span>` : nothing}</label>
    <input
      id=${name}
      type="text"
      autocomplete="off"
      .value=${value}
      aria-invalid=${error ? "true" : "false"}
      aria-describedby="${name}-error"
      @change=${(event: Event) => choose((event.target as HTMLInputElement).value)}
    >
    ${errorMessage(error, `${name}-error`)}
  </div>`;
}
