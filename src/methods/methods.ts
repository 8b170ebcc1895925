/** The methods by name, and the types that follow from the registry. */
import type { AnyMethod, Input } from "./method.ts";
import * as registry from "./registry.ts";
import type { Result } from "./report.ts";

type Registry = typeof registry;

/** As a command is called: `saliency`. */
export type MethodName = keyof Registry;

/** What a method is run with: its images, what it is about, and its settings. */
export type OptionsOf<Name extends MethodName> = Parameters<Registry[Name]["run"]>[2];

/** What a method gives back. */
export type ResultOf<Name extends MethodName> = Awaited<ReturnType<Registry[Name]["run"]>>;
export type ReportOf<Name extends MethodName> = ResultOf<Name>["report"];

/** Any method's result, its tensors by name. */
export type AnyResult = Result<ReportOf<MethodName>>;

export const methods: Readonly<Record<MethodName, AnyMethod>> = registry;

/** In the order of the kinds of input in which people read of them. */
const INPUTS: Readonly<Record<Input, number>> = {
  network: 0,
  images: 1,
  recipe: 2,
  photograph: 3,
  photographs: 4,
  work: 5,
};

/** Every method's name: by what it takes, maps before images, then by the alphabet. */
export const methodNames: readonly MethodName[] = (Object.keys(methods) as MethodName[]).sort(
  (a, b) => placeOf(a) - placeOf(b) || (a < b ? -1 : 1),
);

function placeOf(name: MethodName): number {
  const { input, makes } = methods[name];
  return 2 * INPUTS[input] + ("map" in makes ? 0 : 1);
}
