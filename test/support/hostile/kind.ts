/** What a kind of hostile file is: how one is made of a number, and how it is read. */
import { AscentError } from "../../../src/errors.ts";
import type { Random } from "./random.ts";
import type { Seeds } from "./seeds.ts";

export interface HostileFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** What lies beside it, by name. */
  readonly beside?: Readonly<Record<string, Uint8Array>>;
}

/** A network opened; its tensors were listed; or it was refused. */
export type Outcome = "opened" | "listed" | "refused";

export interface Kind {
  make(random: Random, seeds: Seeds): HostileFile;
  /**
   * What became of it. Throws where reading threw anything but an error of this project.
   * @param phase says that a new question begins: what was held for those before it no longer counts
   */
  read(file: HostileFile, phase: () => void): Promise<Outcome>;
  /** What a file may take by what it holds, besides what every file may. */
  besides?(file: HostileFile): { readonly bytes: number; readonly ms: number };
}

/** Said in words that a person can read. */
export function expectTyped(error: unknown): void {
  if (!(error instanceof AscentError)) throw error;
  const { message, remedy = "" } = error;
  if (message === "" || message.length + remedy.length > 6000)
    throw new Error(`a message of ${message.length} characters`, { cause: error });
  if (/\[object |\bundefined\b|function \(/.test(`${message}\n${remedy}`))
    throw new Error(`a message that shows what it should not: ${message.slice(0, 200)}`, { cause: error });
}
