/** How long work takes on the device: by its own timestamps where it has them, else by the clock. */
import { type Gpu, orLost } from "./device.ts";
import type { Executable } from "./executable.ts";
import { everyDispatch } from "./program.ts";

/** What one compute pass encodes. */
export interface TimedPass {
  readonly label: string;
  encode(pass: GPUComputePassEncoder): void;
}

/**
 * Submits the passes together and times each.
 * @returns milliseconds a pass; null where the device has no timestamp queries
 */
export async function timestampPasses(gpu: Gpu, passes: readonly TimedPass[]): Promise<number[] | null> {
  const { device } = gpu;
  if (!device.features.has("timestamp-query")) return null;
  const count = 2 * passes.length;
  const querySet = device.createQuerySet({ label: "timing", type: "timestamp", count });
  const resolved = gpu.buffer("timing", 8 * count, GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC);
  const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
  const staging = gpu.buffer("timing read back", 8 * count, usage);
  try {
    const encoder = device.createCommandEncoder({ label: "timing" });
    passes.forEach(({ label, encode }, i) => {
      const timestampWrites = {
        querySet,
        beginningOfPassWriteIndex: 2 * i,
        endOfPassWriteIndex: 2 * i + 1,
      };
      const pass = encoder.beginComputePass({ label, timestampWrites });
      encode(pass);
      pass.end();
    });
    encoder.resolveQuerySet(querySet, 0, count, resolved, 0);
    encoder.copyBufferToBuffer(resolved, 0, staging, 0, 8 * count);
    device.queue.submit([encoder.finish()]);
    await orLost(gpu, staging.mapAsync(GPUMapMode.READ));
    const times = new BigUint64Array(staging.getMappedRange());
    return passes.map((_, i) => Number((times[2 * i + 1] as bigint) - (times[2 * i] as bigint)) / 1e6);
  } finally {
    querySet.destroy();
    gpu.free(resolved);
    gpu.free(staging);
  }
}

/** Milliseconds of one pass: by timestamps, or from submission to completion by the clock. */
async function timePass(gpu: Gpu, pass: TimedPass): Promise<number> {
  const times = await timestampPasses(gpu, [pass]);
  if (times) return times[0] as number;
  const start = performance.now();
  const encoder = gpu.device.createCommandEncoder({ label: pass.label });
  const encoded = encoder.beginComputePass({ label: pass.label });
  pass.encode(encoded);
  encoded.end();
  gpu.device.queue.submit([encoder.finish()]);
  await orLost(gpu, gpu.device.queue.onSubmittedWorkDone());
  return performance.now() - start;
}

/** A program to be run again and again. */
export interface Trial {
  /** Milliseconds of one of `repeats` runs of all its dispatches in a row. */
  time(repeats: number): Promise<number>;
}

/** Blocks by the clock are so many times longer than an empty submission takes. */
const OVER_GRAIN = 10;
/** Runs of a block at the most, by timestamps and by the clock. */
const MOST_REPEATS = { stamped: 100, clocked: 1000 };

/**
 * What a time of this device may be off by, in milliseconds: nothing by timestamps; by the clock what the end of an empty
 * submission may take to be seen, in Firefox up to 100 ms.
 */
export async function timeGrain(gpu: Gpu): Promise<number> {
  if (gpu.device.features.has("timestamp-query")) return 0;
  const nothing = { label: "nothing", encode: () => undefined };
  let most = 0;
  for (let i = 0; i < 3; i++) most = Math.max(most, await timePass(gpu, nothing));
  return most;
}

/**
 * Times a trial after running it once, which may compile it, in a block long enough to tell the time.
 * @param wanted milliseconds that the block should take
 * @param grain as `timeGrain`: the block takes OVER_GRAIN of it at least
 * @returns milliseconds of one run, and those of all runs together, the first one's compiling left out
 */
export async function timeBlock(
  trial: Trial,
  wanted: number,
  grain: number,
): Promise<{ readonly milliseconds: number; readonly ran: number }> {
  const least = Math.max(wanted, OVER_GRAIN * grain);
  const most = grain > 0 ? MOST_REPEATS.clocked : MOST_REPEATS.stamped;
  await trial.time(1);
  let [repeats, ran] = [1, 0];
  for (;;) {
    const milliseconds = await trial.time(repeats);
    const block = repeats * milliseconds;
    ran += repeats === 1 ? 2 * block : block;
    if (block >= least || repeats === most) return { milliseconds, ran };
    // Never much longer than it must be: a submission of seconds would wake a watchdog.
    const enough = Math.ceil((1.05 * repeats * least) / Math.max(block, 1e-3));
    repeats = Math.min(most, Math.max(repeats + 1, enough));
  }
}

/** Prepares all dispatches of a program, which stays the caller's, to be timed in a row. */
export async function trialOf(executable: Executable): Promise<Trial> {
  const { gpu, program } = executable;
  const sequence = everyDispatch(program);
  await executable.prepare(sequence);
  const label = program.dispatches[0]?.label ?? "nothing";
  return {
    async time(repeats) {
      const encode = (pass: GPUComputePassEncoder): void => {
        for (let i = 0; i < repeats; i++) executable.encode(pass, sequence);
      };
      return (await timePass(gpu, { label, encode })) / repeats;
    },
  };
}
