/** Numbers that ONNX keeps in files beside its own, where a network has more than 2 GB or was exported that way. */
import { shown } from "../../errors.ts";
import { type Beside, requireBeside } from "../beside.ts";
import type { ByteSource } from "../source.ts";
import type { Wire, WireField } from "./wire.ts";

/** Where in another file a tensor's numbers lie. */
export interface ExternalPlace {
  readonly file: string;
  readonly offset: number;
  /** Bytes, where the file says how many. */
  readonly length: number | undefined;
}

/** @param pairs messages StringStringEntryProto, of keys and values */
export async function readExternalPlace(
  wire: Wire,
  tensor: string,
  pairs: readonly WireField[],
): Promise<ExternalPlace> {
  const texts = new Map<string, string>();
  for (const { begin, end } of pairs) {
    const fields = await wire.fields(begin, end);
    const [key, value] = [1, 2].map((tag) => fields.find((field) => field.tag === tag && field.type === 2));
    if (key && value) texts.set(await wire.text(key, 64), await wire.text(value, 4096));
  }
  const number = (key: string): number | undefined => {
    const text = texts.get(key);
    if (text === undefined || /^\d{1,15}$/.test(text)) return text === undefined ? undefined : Number(text);
    throw wire.damaged(`tensor ${shown(tensor)}: ${key} expects a number of bytes, got ${shown(text)}`);
  };
  const file = (texts.get("location") ?? "").replace(/^(\.\/)+/, "");
  return { file, offset: number("offset") ?? 0, length: number("length") };
}

/** The files beside one, each opened when it is first needed. */
export class ExternalFiles {
  readonly #where: string;
  readonly #beside: Beside;
  readonly #opened = new Map<string, Promise<ByteSource>>();

  constructor(where: string, beside: Beside) {
    this.#where = where;
    this.#beside = beside;
  }

  /** @throws WeightsError that says the name of a file that is missing */
  open(file: string): Promise<ByteSource> {
    const opened = this.#opened.get(file) ?? requireBeside(this.#where, this.#beside, file);
    this.#opened.set(file, opened);
    return opened;
  }

  close(): void {
    for (const opened of this.#opened.values())
      opened.then((source) => source.close?.()).catch(() => undefined);
  }

  async read({ file, offset }: ExternalPlace, bytes: number): Promise<Uint8Array<ArrayBuffer>> {
    return (await this.open(file)).read(offset, offset + bytes);
  }
}
