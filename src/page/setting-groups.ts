/** The groups of "all settings", each with what it is for and its fields in order. */
import { type Recipe, recipeFieldNames } from "../optvis/recipe.ts";

export type Field = keyof Recipe;

export interface SettingGroup {
  readonly title: string;
  /** What the group is for, in one sentence. */
  readonly says: string;
  /** Fields side by side are in a list of their own. */
  readonly fields: readonly (Field | readonly Field[])[];
}

/** Shown before all others, and in no group. */
export const FIRST_FIELDS = ["size", "seed"] as const satisfies readonly Field[];

/** Of the subject's own controls, not of the settings. */
const SUBJECT: Field = "objective";

const GROUPS: readonly SettingGroup[] = [
  {
    title: "Start",
    says: "Where the ascent begins, and how many images ascend together.",
    fields: ["init", "batch", "share"],
  },
  {
    title: "What ascends",
    says: "The numbers that are changed: the pixels, or something that makes them.",
    fields: ["param", "alpha"],
  },
  {
    title: "Steps",
    says: "How a gradient becomes a step, and how many steps there are.",
    fields: ["optimizer", "lr", ["coarse", "iterations"], "changes", "redirect"],
  },
  {
    title: "Regularizers",
    says: "What holds noise down, so that shapes can be seen.",
    fields: ["blur", "blurEvery", "blurGradient", "l2", "decay", ["clipNorm", "clipContribution"], "clamp"],
  },
  {
    title: "Transforms",
    says: "The image is moved a little at every iteration: what survives that grows.",
    fields: ["jitter", "transforms", "strength"],
  },
];

/** The last group: how the page shows the picture belongs to it, and every field that the list above forgets. */
const DISPLAY: SettingGroup = {
  title: "Display",
  says: "How the picture is shown, and saved.",
  fields: recipeFieldNames.filter((field) => !named().has(field)),
};

export const settingGroups: readonly SettingGroup[] = [...GROUPS, DISPLAY];

function named(): ReadonlySet<Field> {
  return new Set<Field>([SUBJECT, ...FIRST_FIELDS, ...GROUPS.flatMap(({ fields }) => fields.flat())]);
}
