/** Reads many hostile files of each kind in threads, each of which is ended where it hangs or takes too much memory. */
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { Worker } from "node:worker_threads";
import { build } from "vite";
import { wgsl } from "../../../src/build/wgsl.ts";
import type { KindName } from "./kinds.ts";
import type { Failure, Job, Told } from "./worker.ts";

/** A thread that reads one file for as long hangs. */
const HANG_MS = 20_000;
/** What a thread holds by itself, and what a file may take besides its own size. */
const HEAP_MB = 24 + 16;

export interface Row {
  readonly kind: KindName;
  files: number;
  opened: number;
  listed: number;
  slowest: { ms: number; number: number };
  most: { bytes: number; number: number };
  readonly failures: Failure[];
}

export const sayAgain = (kind: KindName, number: number): string =>
  `npm run test:soak -- ${kind} --file ${number}`;

async function bundled(): Promise<string> {
  const outDir = resolve(".cache", `hostile-${process.pid}`);
  mkdirSync(outDir, { recursive: true });
  await build({
    configFile: false,
    logLevel: "error",
    plugins: [wgsl()],
    build: {
      ssr: true,
      outDir,
      emptyOutDir: true,
      target: "node20",
      minify: false,
      sourcemap: true,
      copyPublicDir: false,
      rolldownOptions: {
        input: "test/support/hostile/worker.ts",
        output: { entryFileNames: "worker.mjs", chunkFileNames: "[name].mjs" },
      },
    },
    ssr: { noExternal: true },
  });
  const file = join(outDir, "worker.mjs");
  if (!existsSync(file)) throw new Error(`${file} was not built`);
  return file;
}

/**
 * @param jobs rows of numbers, in any order
 * @param tell is called as rows are done
 */
export async function soak(
  jobs: readonly Job[],
  threads: number,
  tell: (rows: readonly Row[]) => void = () => undefined,
): Promise<readonly Row[]> {
  const file = await bundled();
  const rows = new Map<KindName, Row>();
  const rest = [...jobs];
  const add = ({ kind }: Job, told: Told): void => {
    const row = rows.get(kind) ?? {
      kind,
      files: 0,
      opened: 0,
      listed: 0,
      slowest: { ms: 0, number: 0 },
      most: { bytes: 0, number: 0 },
      failures: [],
    };
    rows.set(kind, row);
    row.files += told.files;
    row.opened += told.opened;
    row.listed += told.listed;
    if (told.slowest.ms > row.slowest.ms) row.slowest = told.slowest;
    if (told.most.bytes > row.most.bytes) row.most = told.most;
    row.failures.push(...told.failures);
    tell([...rows.values()]);
  };
  const none = { opened: 0, listed: 0, slowest: { ms: 0, number: 0 }, most: { bytes: 0, number: 0 } };
  const lane = async (): Promise<void> => {
    let thread: Thread | undefined;
    for (let job = rest.shift(); job !== undefined; job = rest.shift()) {
      thread ??= new Thread(file);
      const ended = await thread.run(job);
      if ("told" in ended) {
        add(job, ended.told);
        continue;
      }
      thread = undefined;
      // Those before it are read again, since what they did is lost; it is not.
      add(job, { ...none, files: 1, failures: [ended] });
      if (ended.number > job.from) rest.unshift({ ...job, to: ended.number });
      if (ended.number + 1 < job.to) rest.unshift({ ...job, from: ended.number + 1 });
    }
    await thread?.end();
  };
  try {
    await Promise.all(Array.from({ length: threads }, lane));
  } finally {
    rmSync(dirname(file), { recursive: true, force: true });
  }
  return [...rows.values()];
}

class Thread {
  readonly #progress = new SharedArrayBuffer(4);
  readonly #worker: Worker;
  readonly #ready: Promise<void>;

  constructor(file: string) {
    this.#worker = new Worker(file, {
      workerData: this.#progress,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB, maxYoungGenerationSizeMb: 8 },
    });
    this.#worker.on("error", () => undefined);
    this.#ready = new Promise((resolve, reject) => {
      this.#worker.once("message", () => resolve());
      this.#worker.once("error", reject);
    });
  }

  async run(job: Job): Promise<{ readonly told: Told } | Failure> {
    await this.#ready;
    return new Promise((resolve) => {
      let [last, since] = [-1, Date.now()];
      const at = (): number => Atomics.load(new Int32Array(this.#progress), 0);
      const end = (result: { readonly told: Told } | Failure): void => {
        clearInterval(timer);
        this.#worker.removeAllListeners("message").removeAllListeners("exit").removeAllListeners("error");
        resolve(result);
      };
      const fails = (what: string): void => {
        end({ number: at(), what });
        this.#worker.on("error", () => undefined);
        void this.#worker.terminate();
      };
      const timer = setInterval(() => {
        if (at() !== last) [last, since] = [at(), Date.now()];
        else if (Date.now() - since > HANG_MS) fails(`hangs: ${HANG_MS / 1000} s and no end`);
      }, 250);
      this.#worker.once("message", (told: Told) => end({ told }));
      this.#worker.once("error", (error: NodeJS.ErrnoException) => {
        const isHeap = error.code === "ERR_WORKER_OUT_OF_MEMORY";
        fails(
          isHeap
            ? `takes more than ${HEAP_MB} MB of objects`
            : `ends the thread: ${error.stack ?? error.message}`,
        );
      });
      this.#worker.once("exit", (code) => fails(`ends the thread with ${code}`));
      this.#worker.postMessage(job);
    });
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}
