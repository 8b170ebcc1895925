/** A thread that reads files of one kind, a row of numbers at a time, and tells what each did. */
import { readFileSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { bytesTaken, countBuffers, forbidCode, mostHeld, startCounting, watchNames } from "./guard.ts";
import type { Kind, Outcome } from "./kind.ts";
import { type KindName, kinds } from "./kinds.ts";
import { Random } from "./random.ts";
import { readSeeds } from "./seeds.ts";

export interface Job {
  readonly kind: KindName;
  readonly from: number;
  readonly to: number;
}

export interface Failure {
  readonly number: number;
  readonly what: string;
}

export interface Told {
  readonly files: number;
  readonly opened: number;
  readonly listed: number;
  readonly slowest: { readonly ms: number; readonly number: number };
  /** Bytes held for one tensor, or for opening, beyond the file's own size. */
  readonly most: { readonly bytes: number; readonly number: number };
  readonly failures: readonly Failure[];
}

/** A file is to be read in this time of the processor, in the best of three tries. */
const MOST_MS = 1000;
/** Beyond the file's size. */
export const MOST_BYTES = 16 << 20;

/** Milliseconds that this thread had the processor, where the system says it: the machine has other work too. */
function ownTime(): number {
  try {
    return Number(readFileSync("/proc/thread-self/schedstat", "latin1").split(" ")[0]) / 1e6;
  } catch {
    return performance.now();
  }
}

const port = parentPort as NonNullable<typeof parentPort>;
/** The number that is being read, for the thread that watches. */
const progress = new Int32Array(workerData as SharedArrayBuffer);
const seeds = await readSeeds();
const ranCode = forbidCode();
countBuffers();
const changedNames = watchNames();

async function check({ kind, from, to }: Job): Promise<Told> {
  const { make, read, besides } = kinds[kind] as Kind;
  const failures: Failure[] = [];
  const outcomes = { opened: 0, listed: 0, refused: 0 };
  let slowest = { ms: 0, number: from };
  let most = { bytes: 0, number: from };
  for (let number = from; number < to; number++) {
    Atomics.store(progress, 0, number);
    const file = make(new Random(kind, number), seeds);
    const size =
      file.bytes.length + Object.values(file.beside ?? {}).reduce((sum, { length }) => sum + length, 0);
    const more = besides?.(file) ?? { bytes: 0, ms: 0 };
    const mostMs = MOST_MS + more.ms;
    const mostBytes = MOST_BYTES + more.bytes;
    let largest = 0;
    const phase = (): void => {
      largest = Math.max(largest, bytesTaken());
      startCounting();
    };
    const fails = (what: string): void => void failures.push({ number, what });
    const timed = async (): Promise<{ ms: number; outcome: Outcome }> => {
      const begin = ownTime();
      startCounting();
      largest = 0;
      const outcome = await read(file, phase);
      phase();
      return { ms: ownTime() - begin, outcome };
    };
    try {
      let { ms, outcome } = await timed();
      outcomes[outcome] += 1;
      if (ms > mostMs) ms = Math.min(ms, (await timed()).ms, (await timed()).ms);
      if (ms > mostMs) fails(`takes ${Math.round(ms)} ms`);
      if (ms > slowest.ms) slowest = { ms, number };
      let bytes = largest - size;
      if (bytes > mostBytes) {
        bytes = (await mostHeld(() => read(file, () => undefined))) - size;
        if (bytes > mostBytes) fails(`holds ${bytes} bytes beyond its ${size}`);
      }
      if (bytes > most.bytes) most = { bytes, number };
    } catch (error) {
      fails(error instanceof Error ? `${error.stack?.split("\n").slice(0, 6).join("\n")}` : String(error));
    }
    if (ranCode()) fails("code ran");
  }
  const changed = changedNames();
  if (changed.length > 0) {
    const what = `JavaScript's own objects have other names than before, by a file up to ${to - 1}`;
    failures.push({ number: from, what: `${what}: ${changed.join(", ")}` });
  }
  return { files: to - from, ...outcomes, slowest, most, failures };
}

port.on("message", (job: Job) => {
  void check(job).then((told) => port.postMessage(told));
});
port.postMessage("ready");
