/**
 * Reads Python's pickles (protocols 0 to 5; CPython, Lib/pickletools.py) without running anything. A pickle is a program
 * for a stack machine. What it would import, call or fill is kept as inert data: a `Global` is two names, and a `Thing`
 * is what was to be called, with which arguments and state. Only the few globals that a `Builder` lists become values.
 */
import { WeightsError } from "../../errors.ts";
import { Opcodes } from "./pickle-bytes.ts";
import { OP } from "./pickle-opcodes.ts";

/** The name of a class or function. It is never looked up. */
export class Global {
  readonly path: string;
  constructor(module: string, name: string) {
    this.path = `${module}.${name}`;
  }
}

/** A dictionary, in the file's order. Not a JavaScript object, so that no key is special. */
export class Dict {
  readonly entries: (readonly [PickleValue, PickleValue])[] = [];

  /** Of a text; the last one counts. */
  get(key: string): PickleValue | undefined {
    return this.entries.findLast(([name]) => name === key)?.[1];
  }
}

/** What would have been an object: placeholder for anything that tensors are not made of. */
export class Thing {
  readonly of: PickleValue;
  readonly args: PickleValue;
  state: PickleValue = null;
  /** Entries that were set, where it is a kind of dictionary. */
  readonly dict = new Dict();
  constructor(of: PickleValue, args: PickleValue) {
    this.of = of;
    this.args = args;
  }
}

/** What a builder made: a tensor, a storage. */
export interface Built {
  readonly built: string;
}

export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleValue[]
  | Dict
  | Global
  | Thing
  | Built;

export type Spend = (bytes: number) => void;

export interface Builder {
  /**
   * Makes a value of an allowed global; undefined leaves a `Thing`.
   * @param spend is told of bytes before they are taken beyond those of one value; throws where they are too many
   */
  call(path: string, args: readonly PickleValue[], spend: Spend): PickleValue | undefined;
  /** What a persistent id stands for; undefined leaves a `Thing`. */
  persistent(id: PickleValue): PickleValue | undefined;
}

export interface Unpickled {
  readonly value: PickleValue;
  /** Bytes that the pickle takes. */
  readonly length: number;
}

/** More are in no network's pickle. */
const MAX_OPCODES = 1_000_000;
/** Memory that values may take besides the bytes of the pickle. */
const SPARE_BYTES = 8 << 20;
/** What a value takes, roughly, with the place where it lies. A single byte of a pickle makes a container. */
const BYTES_PER = { slot: 12, literal: 36, entry: 48, container: 76, object: 172 } as const;

/**
 * @param bytes which begin with a pickle; more may follow
 * @throws WeightsError where the pickle is damaged; `CutShort` where it does not end in these bytes
 */
export function unpickle(where: string, bytes: Uint8Array, builder: Builder): Unpickled {
  return new Machine(where, bytes, builder).run();
}

class Machine {
  readonly #where: string;
  readonly #in: Opcodes;
  readonly #builder: Builder;
  readonly #memo = new Map<number, PickleValue>();
  #left: number;
  #stack: PickleValue[] = [];
  readonly #marks: PickleValue[][] = [];

  constructor(where: string, bytes: Uint8Array, builder: Builder) {
    this.#where = where;
    this.#in = new Opcodes(where, bytes);
    this.#builder = builder;
    this.#left = SPARE_BYTES + bytes.length;
  }

  readonly #spend = (bytes: number): void => {
    this.#left -= bytes;
    if (this.#left < 0) throw this.#damaged("its values take more memory than those of any network");
  };

  run(): Unpickled {
    for (let count = 0; count < MAX_OPCODES; count++) {
      const opcode = this.#in.byte();
      if (opcode === OP.STOP) return { value: this.#pop(), length: this.#in.at };
      this.#step(opcode);
    }
    throw this.#damaged(`it has more than ${MAX_OPCODES} steps`);
  }

  #step(opcode: number): void {
    const value = this.#in.literal(opcode);
    this.#spend(costOf(opcode, value));
    if (value !== undefined) this.#stack.push(value);
    else if (!this.#structure(opcode) && !this.#object(opcode)) {
      throw this.#damaged(`it has the unknown opcode ${opcode} at byte ${this.#in.at - 1}`);
    }
  }

  /** Lists, tuples, dictionaries, the memo and the stack itself. */
  #structure(opcode: number): boolean {
    switch (opcode) {
      case OP.PROTO:
        this.#in.skip(1);
        return true;
      case OP.FRAME:
        this.#in.skip(8);
        return true;
      case OP.MARK:
        this.#marks.push(this.#stack);
        this.#stack = [];
        return true;
      case OP.POP:
        if (this.#stack.length > 0) this.#stack.pop();
        else this.#untilMark();
        return true;
      case OP.POP_MARK:
        this.#untilMark();
        return true;
      case OP.DUP: {
        const top = this.#pop();
        this.#stack.push(top, top);
        return true;
      }
      case OP.EMPTY_LIST:
      case OP.EMPTY_TUPLE:
      case OP.EMPTY_SET:
        this.#stack.push([]);
        return true;
      case OP.EMPTY_DICT:
        this.#stack.push(new Dict());
        return true;
      case OP.LIST:
      case OP.TUPLE:
      case OP.FROZENSET: {
        const items = this.#untilMark();
        this.#stack.push(items);
        return true;
      }
      case OP.TUPLE1:
      case OP.TUPLE2:
      case OP.TUPLE3: {
        const items = Array.from({ length: opcode - OP.TUPLE1 + 1 }, () => this.#pop());
        this.#stack.push(items.reverse());
        return true;
      }
      case OP.DICT: {
        const items = this.#untilMark();
        const dict = new Dict();
        this.#set(dict, items);
        this.#stack.push(dict);
        return true;
      }
      case OP.APPEND: {
        const item = this.#pop();
        append(this.#top(), [item]);
        return true;
      }
      case OP.APPENDS:
      case OP.ADDITEMS: {
        const items = this.#untilMark();
        append(this.#top(), items);
        return true;
      }
      case OP.SETITEM: {
        const value = this.#pop();
        const key = this.#pop();
        this.#set(this.#top(), [key, value]);
        return true;
      }
      case OP.SETITEMS: {
        const items = this.#untilMark();
        this.#set(this.#top(), items);
        return true;
      }
      default:
        return this.#memoize(opcode);
    }
  }

  #memoize(opcode: number): boolean {
    const get = this.#in.index(opcode, [OP.GET, OP.BINGET, OP.LONG_BINGET]);
    if (get !== undefined) {
      const value = this.#memo.get(get);
      if (value === undefined) throw this.#damaged(`it reads memo ${get}, which is not set`);
      this.#stack.push(value);
      return true;
    }
    const put =
      opcode === OP.MEMOIZE ? this.#memo.size : this.#in.index(opcode, [OP.PUT, OP.BINPUT, OP.LONG_BINPUT]);
    if (put === undefined) return false;
    this.#memo.set(put, this.#top());
    return true;
  }

  /** Globals, and what would be called or filled. */
  #object(opcode: number): boolean {
    switch (opcode) {
      case OP.GLOBAL:
        this.#stack.push(new Global(this.#in.line(), this.#in.line()));
        return true;
      case OP.STACK_GLOBAL: {
        const name = this.#pop();
        const module = this.#pop();
        this.#stack.push(new Global(word(module), word(name)));
        return true;
      }
      case OP.REDUCE:
      case OP.NEWOBJ: {
        const args = this.#pop();
        this.#call(this.#pop(), args);
        return true;
      }
      case OP.NEWOBJ_EX: {
        this.#pop();
        const args = this.#pop();
        this.#call(this.#pop(), args);
        return true;
      }
      case OP.INST: {
        const of = new Global(this.#in.line(), this.#in.line());
        this.#call(of, this.#untilMark());
        return true;
      }
      case OP.OBJ: {
        const [of = null, ...args] = this.#untilMark();
        this.#call(of, args);
        return true;
      }
      case OP.BUILD: {
        const state = this.#pop();
        const top = this.#top();
        if (top instanceof Thing) top.state = state;
        return true;
      }
      case OP.PERSID:
      case OP.BINPERSID: {
        const id = opcode === OP.PERSID ? this.#in.line() : this.#pop();
        this.#stack.push(this.#builder.persistent(id) ?? new Thing("persistent id", id));
        return true;
      }
      case OP.EXT1:
      case OP.EXT2:
      case OP.EXT4:
        this.#stack.push(new Thing("extension", this.#in.unsigned([1, 2, 4][opcode - OP.EXT1] as number)));
        return true;
      case OP.NEXT_BUFFER:
        this.#stack.push(new Thing("buffer", null));
        return true;
      case OP.READONLY_BUFFER:
        return true;
      default:
        return false;
    }
  }

  #call(of: PickleValue, args: PickleValue): void {
    const made =
      of instanceof Global && Array.isArray(args)
        ? this.#builder.call(of.path, args, this.#spend)
        : undefined;
    this.#stack.push(made ?? new Thing(of, args));
  }

  #set(target: PickleValue, items: readonly PickleValue[]): void {
    if (items.length % 2 !== 0) throw this.#damaged("a dictionary has a key without a value");
    const dict = target instanceof Thing ? target.dict : target;
    if (!(dict instanceof Dict)) return;
    this.#spend((items.length / 2) * BYTES_PER.entry);
    for (let i = 0; i < items.length; i += 2) {
      dict.entries.push([items[i] as PickleValue, items[i + 1] as PickleValue]);
    }
  }

  #top(): PickleValue {
    const top = this.#stack.at(-1);
    if (top === undefined) throw this.#damaged("it takes more than is there");
    return top;
  }

  #pop(): PickleValue {
    const top = this.#top();
    this.#stack.pop();
    return top;
  }

  #untilMark(): PickleValue[] {
    const items = this.#stack;
    const before = this.#marks.pop();
    if (before === undefined) throw this.#damaged("a mark is missing");
    this.#stack = before;
    return items;
  }

  #damaged(what: string): WeightsError {
    return new WeightsError(`${this.#where}: the pickle is damaged: ${what}`, {
      remedy: "download or save the file again",
    });
  }
}

/** By opcode; literals are not among them. */
const COSTS: ReadonlyMap<number, number> = new Map(
  (
    [
      [BYTES_PER.slot, [OP.DUP, OP.GET, OP.BINGET, OP.LONG_BINGET]],
      [BYTES_PER.entry, [OP.PUT, OP.BINPUT, OP.LONG_BINPUT, OP.MEMOIZE]],
      [BYTES_PER.container, [OP.MARK, OP.EMPTY_TUPLE, OP.TUPLE, OP.TUPLE1, OP.TUPLE2, OP.TUPLE3]],
      [BYTES_PER.container, [OP.EMPTY_LIST, OP.LIST, OP.EMPTY_DICT, OP.DICT, OP.EMPTY_SET, OP.FROZENSET]],
      [BYTES_PER.object, [OP.GLOBAL, OP.STACK_GLOBAL, OP.REDUCE, OP.NEWOBJ, OP.NEWOBJ_EX, OP.INST, OP.OBJ]],
      [BYTES_PER.object, [OP.PERSID, OP.BINPERSID, OP.EXT1, OP.EXT2, OP.EXT4, OP.NEXT_BUFFER]],
    ] as const
  ).flatMap(([bytes, opcodes]) => opcodes.map((opcode) => [opcode, bytes] as const)),
);

/** The characters of a text take no more than its bytes in the file do. */
function costOf(opcode: number, value: PickleValue | undefined): number {
  if (value === undefined) return COSTS.get(opcode) ?? 0;
  return value instanceof Uint8Array || typeof value === "bigint" ? BYTES_PER.object : BYTES_PER.literal;
}

function append(target: PickleValue, items: readonly PickleValue[]): void {
  if (Array.isArray(target)) for (const item of items) target.push(item);
}

function word(value: PickleValue): string {
  return typeof value === "string" ? value : "";
}
