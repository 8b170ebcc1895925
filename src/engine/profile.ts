/** Where the time of an iteration goes: one pass a dispatch, each between two GPU timestamps. */
import type { Dispatch } from "../gpu/dispatch.ts";
import type { Scheduler } from "./scheduler.ts";

/** Time of one dispatch. */
export interface DispatchTime {
  readonly label: string;
  readonly kernel: string;
  readonly milliseconds: number;
  readonly flops: number;
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
  const { gpu } = scheduler;
  const { device } = gpu;
  if (!device.features.has("timestamp-query")) return null;
  const count = 2 * dispatches.length;
  const querySet = device.createQuerySet({ label: "profile", type: "timestamp", count });
  const resolved = gpu.buffer("profile", 8 * count, GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC);
  const staging = gpu.buffer(
    "profile read back",
    8 * count,
    GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
  );
  try {
    const encoder = device.createCommandEncoder({ label: "profile" });
    dispatches.forEach((dispatch, i) => {
      const pass = encoder.beginComputePass({
        label: dispatch.label,
        timestampWrites: { querySet, beginningOfPassWriteIndex: 2 * i, endOfPassWriteIndex: 2 * i + 1 },
      });
      scheduler.encode(pass, [dispatch]);
      pass.end();
    });
    encoder.resolveQuerySet(querySet, 0, count, resolved, 0);
    encoder.copyBufferToBuffer(resolved, 0, staging, 0, 8 * count);
    device.queue.submit([encoder.finish()]);
    await staging.mapAsync(GPUMapMode.READ);
    const times = new BigUint64Array(staging.getMappedRange());
    return dispatches.map(({ label, kernel, flops }, i) => {
      const nanoseconds = Number((times[2 * i + 1] as bigint) - (times[2 * i] as bigint));
      return { label, kernel: kernel.name, milliseconds: nanoseconds / 1e6, flops };
    });
  } finally {
    querySet.destroy();
    gpu.free(resolved);
    gpu.free(staging);
  }
}
