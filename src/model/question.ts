/** What a person must answer before a file can be read: it does not say it, and nothing fits best. */
import { InputError } from "../errors.ts";
import type { ReadingField } from "./reading.ts";

export interface Answer {
  /** What the field of the reading is set to. */
  readonly value: string;
  readonly text: string;
  /** What speaks for it. */
  readonly why?: string;
}

export interface Question {
  readonly about: Exclude<ReadingField, "epsilon">;
  /** The likeliest first. Others may be given, where the field is written freely. */
  readonly answers: readonly Answer[];
}

/** The command line and the library print its message and remedy; the page asks in place of the picture. */
export class QuestionError extends InputError {
  readonly question: Question;

  constructor(message: string, question: Question, options: { readonly remedy?: string } = {}) {
    super(message, options);
    this.question = question;
  }
}
