/** Watches what reading a file does besides: memory that it takes, names that it adds to JavaScript's own objects. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** More at once is refused here, so that no file takes the machine's memory. */
const MOST_AT_ONCE = 1 << 30;

let taken = 0;
let onTake: ((bytes: number) => void) | undefined;

/** Bytes of buffers taken since `startCounting`, let go or not: what was held at once is no more. */
export const bytesTaken = (): number => taken;

export function startCounting(): void {
  taken = 0;
}

function take(bytes: number): void {
  taken += bytes;
  onTake?.(bytes);
}

const ARRAYS =
  "Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array Float32Array Float64Array BigInt64Array BigUint64Array";

/** From now on each buffer and typed array that is made is counted. */
export function countBuffers(): void {
  const global = globalThis as unknown as Record<string, { prototype: { slice?: unknown } }>;
  const sizeOf = (argument: unknown, bytesPerElement: number): number => {
    if (typeof argument === "number") return argument * bytesPerElement;
    if (argument instanceof ArrayBuffer || argument instanceof SharedArrayBuffer) return 0;
    return Number((argument as { length?: number } | undefined)?.length ?? 0) * bytesPerElement;
  };
  for (const name of ["ArrayBuffer", "SharedArrayBuffer", ...ARRAYS.split(" ")]) {
    const own = global[name] as unknown as { new (...args: unknown[]): object; BYTES_PER_ELEMENT?: number };
    global[name] = new Proxy(own, {
      construct(target, args, newTarget) {
        const bytes = sizeOf(args[0], own.BYTES_PER_ELEMENT ?? 1);
        if (bytes > MOST_AT_ONCE) throw new Error(`${bytes} bytes asked for at once`);
        take(bytes || 0);
        return Reflect.construct(target, args, newTarget === global[name] ? target : newTarget) as object;
      },
    }) as never;
  }
  const typed = Object.getPrototypeOf(Uint8Array.prototype) as {
    slice: (from?: number, to?: number) => Uint8Array;
  };
  for (const prototype of [typed, ArrayBuffer.prototype] as unknown as {
    slice: (...args: unknown[]) => { byteLength: number };
  }[]) {
    const slice = prototype.slice;
    prototype.slice = function (...args) {
      const part = slice.apply(this, args);
      take(part.byteLength);
      return part;
    };
  }
  // Of WebAssembly, what it grows by: with what a decoder begins is its code's, not the file's.
  const grow = WebAssembly.Memory.prototype.grow;
  WebAssembly.Memory.prototype.grow = function (pages) {
    take(pages << 16);
    return grow.call(this, pages);
  };
}

/** The most that was held at once, of buffers and objects together; slow: memory is collected at every buffer. */
export async function mostHeld(work: () => Promise<unknown>): Promise<number> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const held = (): number => {
    collect();
    const { arrayBuffers, heapUsed } = process.memoryUsage();
    return arrayBuffers + heapUsed;
  };
  const before = held();
  let most = 0;
  onTake = (bytes) => {
    if (bytes >= 1 << 12) most = Math.max(most, held() - before + bytes);
  };
  try {
    await work();
  } finally {
    onTake = undefined;
  }
  return Math.max(most, held() - before);
}

const WATCHED: readonly object[] = [
  ...[Object, Array, Function, String, Number, Map, Set, Promise, Uint8Array, Error].map(
    ({ prototype }) => prototype,
  ),
  globalThis,
];

/** What the decoders of pictures, and Node's `fetch`, add wherever it is missing, whatever the file. */
const OF_LIBRARIES = ["ImageData", "Symbol(undici.globalDispatcher.1)"];

/** Own names of JavaScript's objects and of the global one. */
const namesNow = (): readonly (readonly string[])[] =>
  WATCHED.map((object) =>
    Reflect.ownKeys(object)
      .map(String)
      .filter((name) => !OF_LIBRARIES.includes(name)),
  );

/** From now on: which names were added or taken away. */
export function watchNames(): () => readonly string[] {
  const before = namesNow();
  return () =>
    namesNow().flatMap((now, i) => {
      const then = before[i] ?? [];
      const added = now.filter((name) => !then.includes(name));
      return [...added, ...then.filter((name) => !now.includes(name)).map((name) => `no ${name}`)];
    });
}

/** Code made of texts would come through here. */
export function forbidCode(): () => boolean {
  let ran = false;
  const forbid = (name: "eval" | "Function"): void => {
    const own = globalThis[name] as unknown as (...args: unknown[]) => unknown;
    const trap = (): never => {
      ran = true;
      throw new Error(`${name} was called`);
    };
    Object.defineProperty(globalThis, name, { value: new Proxy(own, { apply: trap, construct: trap }) });
  };
  forbid("eval");
  forbid("Function");
  return () => ran;
}
