/** Where the time of an iteration goes: one pass a dispatch, each between two GPU timestamps. */
import { dispatchesAt, type Sequence } from "../../gpu/program.ts";
import { timestampPasses } from "../../gpu/timing.ts";
import type { Limits } from "../kernels/limits.ts";
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
 * Runs dispatches once, a pass each, and times them. Separate passes cost time of their own, so this is never part of a
 * timed run.
 * @returns null where the device has no timestamp queries
 */
export async function profileDispatches(
  scheduler: Scheduler,
  sequence: Sequence,
): Promise<DispatchTime[] | null> {
  const dispatches = dispatchesAt(scheduler.plan, sequence);
  const passes = dispatches.map(({ label }, i) => ({
    label,
    encode: (pass: GPUComputePassEncoder) => scheduler.encode(pass, sequence.slice(i, i + 1)),
  }));
  const times = await timestampPasses(scheduler.gpu, passes);
  return (
    times &&
    dispatches.map(({ label, kernel, flops, bytes }, i) => {
      return { label, kernel: kernel.name, milliseconds: times[i] as number, flops, bytes };
    })
  );
}

/** What a kernel takes of one iteration, all its dispatches together. */
export interface KernelTime {
  readonly kernel: string;
  readonly dispatches: number;
  readonly milliseconds: number;
  /** Of the time of all kernels. */
  readonly share: number;
  /** 10⁹ multiplications and additions a second; null where they are not counted. */
  readonly gflops: number | null;
  /** 10⁹ bytes a second, each counted once though a kernel may read it often; null where not counted. */
  readonly gbs: number | null;
  /** Fraction of the adapter's limit that binds first: multiply-adds in registers, or copying. */
  readonly ofLimit: number | null;
}

/** Kernels by the time they take, longest first. @param limits as measured on the same adapter */
export function profileByKernel(times: readonly DispatchTime[], limits: Limits | null): KernelTime[] {
  const kernels = new Map<
    string,
    { dispatches: number; milliseconds: number; flops: number; bytes: number }
  >();
  for (const { kernel, milliseconds, flops, bytes } of times) {
    const sum = kernels.get(kernel) ?? { dispatches: 0, milliseconds: 0, flops: 0, bytes: 0 };
    kernels.set(kernel, {
      dispatches: sum.dispatches + 1,
      milliseconds: sum.milliseconds + milliseconds,
      flops: sum.flops + flops,
      bytes: sum.bytes + bytes,
    });
  }
  const whole = times.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  return [...kernels]
    .map(([kernel, { dispatches, milliseconds, flops, bytes }]) => {
      const rate = (amount: number) => (amount > 0 && milliseconds > 0 ? amount / milliseconds / 1e6 : null);
      const [gflops, gbs] = [rate(flops), rate(bytes)];
      const fractions = limits ? [(gflops ?? 0) / limits.fmaGflops, (gbs ?? 0) / limits.copyGbs] : [];
      const ofLimit = gflops === null && gbs === null ? null : Math.max(0, ...fractions);
      const share = whole > 0 ? milliseconds / whole : 0;
      return { kernel, dispatches, milliseconds, share, gflops, gbs, ofLimit: limits && ofLimit };
    })
    .sort((a, b) => b.milliseconds - a.milliseconds);
}
