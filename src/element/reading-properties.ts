/** The properties and attributes of `<ascent-view>` that say how a file is to be read, from their rows. */
import type { LitElement, PropertyDeclarations } from "lit";
import { type Reading, type ReadingField, readingFieldNames, readingOf } from "../model/reading.ts";
import { dashed } from "../optvis/field.ts";
import { RecipeElement, type RecipeProperties } from "./recipe-properties.ts";

/** An attribute's text is read when the file is opened. */
export type ReadingProperties = { -readonly [Field in ReadingField]: Reading[Field] | undefined };

const declarations: PropertyDeclarations = Object.fromEntries(
  readingFieldNames.map((field) => [field, { attribute: dashed(field) }]),
);

/** An element with these properties beside a recipe's. None is said at first. */
class WithReading extends RecipeElement {
  static override readonly properties = declarations;

  /** All of them. */
  get reading(): Reading {
    return readingOf(this as unknown as ReadingProperties);
  }

  set reading(reading: Reading) {
    for (const field of readingFieldNames) Object.assign(this, { [field]: reading[field] });
  }
}

export const ReadingElement = WithReading as unknown as Pick<typeof LitElement, keyof typeof LitElement> &
  (new () => LitElement & RecipeProperties & ReadingProperties & Pick<WithReading, "reading">);
