/** Where the time of an iteration goes: one pass a dispatch, each between two GPU timestamps. */
import type { Dispatch } from "../gpu/dispatch.ts";
import { timestampPasses } from "../gpu/timing.ts";
import type { Scheduler } from "./scheduler.ts";

/** Time of one dispatch. */
export interface DispatchTime {
  readonly label: string;
  readonly kernel: string;
  readonly milliseconds: number;
  /** Multiplications and additions, and bytes read and written at the least; 0 where not counted. */
  readonly flops: number;
  readonly bytes: number;
}

/**
 * Runs `dispatches` once, a pass each, and times them. Separate passes cost time of their own, so this is
 * never part of a timed run.
 * @returns null where the device has no timestamp queries
 */
export async function profileDispatches(
  scheduler: Scheduler,
  dispatches: readonly Dispatch[],
): Promise<DispatchTime[] | null> {
  const passes = dispatches.map((dispatch) => ({
    label: dispatch.label,
    encode: (pass: GPUComputePassEncoder) => scheduler.encode(pass, [dispatch]),
  }));
  const times = await timestampPasses(scheduler.gpu, passes);
  return (
    times &&
    dispatches.map(({ label, kernel, flops, bytes }, i) => {
      return { label, kernel: kernel.name, milliseconds: times[i] as number, flops, bytes };
    })
  );
}
