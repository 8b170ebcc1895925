/**
 * What a method is: a description from which its job, its command, its flags and help, its place on the page and its
 * call from the library are made. A method is one module here and one line in `registry.ts`.
 */
import type { Gpu } from "../gpu/device.ts";
import type { Model, Size } from "../model/network.ts";
import { checkValue, type Table, type ValueOf, type ValuesOf } from "../optvis/field.ts";
import type { Recipe } from "../optvis/recipe.ts";
import type { Result, RunContext, Tensor } from "./report.ts";
import { inNetworksColours } from "./shared/image.ts";

/** A channel, a class or a neuron that images are ranked by. */
export type Sought =
  | { readonly objective: string }
  | {
      readonly layer: string;
      /** Counted from zero. */
      readonly channel: number;
    };

/** One image or several: RGB in 0–1 units, (N,3,H,W). A network that reads grey is shown them in grey, (N,1,H,W). */
interface Images {
  readonly image: Tensor;
}

/** A recipe, and the photographs it is about. */
export interface RecipeInput {
  readonly recipe: Recipe;
  /** Start of `init: "photo"`: RGB in 0–1 units, (3,H,W), or RGBA of a recipe with an alpha channel. */
  readonly photo?: Float32Array | undefined;
  /** What the objective compares with, (3,H,W); the photo itself if absent. */
  readonly target?: Float32Array | undefined;
}

/** What a method may be given, and the options that hold it. The order is that of the command line's help. */
export interface Inputs {
  /** The network alone; no GPU is asked for. */
  readonly network: unknown;
  /** A whole recipe. */
  readonly recipe: RecipeInput;
  /** Images as tensors, (N,3,H,W), not clamped, and what the objective compares with: RGB in 0–1 units, (3,H,W). */
  readonly images: Images & { readonly target?: Float32Array | undefined };
  /** One photograph, (1,3,H,W). */
  readonly photograph: Images;
  /** Many photographs, (N,3,H,W). */
  readonly photographs: Images;
  /** Plain ascent that is measured. */
  readonly work: RecipeInput;
}
export type Input = keyof Inputs;

/** What a method may be about, and the options that hold it. */
export interface Subjects {
  /** Nothing, or what the recipe says. */
  readonly none: unknown;
  readonly objective: { readonly objective: string };
  /** One class as an objective: `class:goldfish`. */
  readonly class: { readonly objective: string };
  readonly layer: { readonly layer: string };
  /** An objective; a layer is short for the mean of its squares. */
  readonly "layer or objective": { readonly objective: string };
  readonly sought: Sought;
}
export type Subject = keyof Subjects;

/** Of a tensor that a method makes. */
export interface MadeTensor {
  /** As `[1,3,H,W]`. */
  readonly shape: string;
  /** What the numbers are, where the name does not say it. */
  readonly unit?: string;
  /** It is made of some options alone. */
  readonly optional?: true;
}
export type MadeTensors = Readonly<Record<string, MadeTensor>>;

/** The tensors that a description promises. */
export type TensorsOf<Makes extends MadeTensors> = {
  readonly [Name in keyof Makes as Makes[Name] extends { readonly optional: true } ? never : Name]: Tensor;
} & {
  readonly [Name in keyof Makes as Makes[Name] extends { readonly optional: true } ? Name : never]?: Tensor;
};

/** A picture of a result. */
export interface Drawn {
  /** The recipe that draws it again, where there is one: its file carries it. */
  readonly recipe?: Recipe;
  /** RGB in 0–1 units, (3,H,W), or grey, (1,H,W). */
  readonly rgb: Float32Array;
  readonly size: Size;
  /** Opacity, (1,H,W), where it has one. */
  readonly alpha?: Float32Array;
  /** Which of the given images are in it, in their order there, if it was made of several. */
  readonly order?: readonly number[];
}

/** A line of an answer in words: a name, and how much of the whole it has. */
export interface RankedRow {
  readonly name: string;
  /** 0 to 1, as a bar shows it. */
  readonly share: number;
  readonly note: string;
}

/** What a description says besides its types. */
interface About {
  /** As people call it: `SmoothGrad`. */
  readonly name: string;
  /** One sentence: what it does. */
  readonly sentence: string;
  /** The same in a few words behind the name, where the page shows it. */
  readonly caption?: string;
  /** Paper or program that it comes from. */
  readonly source: string;
  readonly input: Input;
  /** `trained`: a photograph is resized and cropped as when the network was tested; otherwise cropped as little as can be. */
  readonly view?: "trained";
  readonly subject: Subject;
  /** Settings, each with its default, bounds and help. */
  readonly options: Table;
  readonly makes: MadeTensors;
  /** Flags of the command line's examples, behind the command. */
  readonly examples: readonly string[];
}

/** A method whatever its options and report are. */
export interface AnyMethod extends About {
  /** Settings for somebody who waits at a page. */
  readonly quick?: object;
  /** How a result is shown. */
  readonly picture?: {
    /** What the picture is, where that does not go without saying. */
    readonly note?: string;
    draw(result: Result<object>, options: object): Drawn;
  };
  /** How a report is shown that is no picture, the first line first. */
  rows?(report: object): readonly RankedRow[];
  /** How far `onProgress` counts; 0 where that is not known. */
  steps(options: object): number;
  /** Refuses what can be refused without a GPU. @throws InputError */
  check?(model: Model, options: object): void;
  /** The report in a few words, or as a table. */
  summary(report: object): string;
  /** @throws AscentError of every kind */
  run(gpu: Gpu, model: Model, options: object, context?: RunContext): Promise<Result<object>>;
}

/** Settings as they are given: what is left out has its default. */
export type SettingsOf<T extends Table> = { readonly [Name in keyof T]?: ValueOf<T[Name]> | undefined };

/** What a method with these inputs and settings is run with. */
export type OptionsFor<I extends Input, S extends Subject, T extends Table> = Inputs[I] &
  Subjects[S] &
  SettingsOf<T>;

export interface Method<
  I extends Input,
  S extends Subject,
  T extends Table,
  Makes extends MadeTensors,
  Report extends object,
> extends About {
  readonly input: I;
  readonly subject: S;
  readonly options: T;
  readonly makes: Makes;
  readonly quick?: SettingsOf<T>;
  readonly picture?: {
    readonly note?: string;
    draw(result: Result<Report, TensorsOf<Makes>>, options: OptionsFor<I, S, T>): Drawn;
  };
  rows?(report: Report): readonly RankedRow[];
  steps(options: OptionsFor<I, S, T>): number;
  check?(model: Model, options: OptionsFor<I, S, T>): void;
  summary(report: Report): string;
  run(
    gpu: Gpu,
    model: Model,
    options: OptionsFor<I, S, T>,
    context?: RunContext,
  ): Promise<Result<Report, TensorsOf<Makes>>>;
}

/**
 * A description with the types of its parts, which `run` and the others have to fit. `run` and `check` are given images in
 * the colours that the network reads.
 */
export function method<
  I extends Input,
  S extends Subject,
  T extends Table,
  const Makes extends MadeTensors,
  Report extends object,
>(description: Method<I, S, T, Makes, Report>): Method<I, S, T, Makes, Report> {
  const { check, run } = description;
  return {
    ...description,
    ...(check && { check: (model, options) => check(model, inNetworksColours(model, options)) }),
    run: (gpu, model, options, context) => run(gpu, model, inNetworksColours(model, options), context),
  };
}

/**
 * Every setting of a table, with its default where none is given.
 * @throws InputError for a value out of bounds
 */
export function settingsOf<T extends Table>(table: T, given: SettingsOf<T>): ValuesOf<T> {
  const values = Object.entries(table).map(([name, row]) => {
    const value = given[name];
    return [name, value === undefined ? row.default : checkValue(name, row, value)] as const;
  });
  return Object.fromEntries(values) as ValuesOf<T>;
}
