/** When a worker is started, started again, and ended. */
import { expect, it, vi } from "vitest";
import { DeviceError, InputError } from "../../src/errors.ts";
import type { Job } from "../../src/methods/job.ts";
import type { AnyResult } from "../../src/methods/methods.ts";
import { Crash, type Worker } from "../../src/node/conversation.ts";
import { restarting } from "../../src/node/runtime.ts";

const job = {} as Job;
const result: AnyResult = { report: {}, tensors: {} } as unknown as AnyResult;
const context = { startedAt: 0 };

/** Workers whose runs end as listed, and which of them were closed. */
function workers(...runs: (readonly (AnyResult | Error)[])[]) {
  const closed: number[] = [];
  const start = vi.fn(async (): Promise<Worker> => {
    const number = start.mock.calls.length - 1;
    const outcomes = [...(runs[number] as readonly (AnyResult | Error)[])];
    return {
      async run() {
        const outcome = outcomes.shift() as AnyResult | Error;
        if (outcome instanceof Error) throw outcome;
        return outcome;
      },
      close: async () => void closed.push(number),
    };
  });
  return { start, closed };
}

it("starts nothing without a job, and one worker for many", async () => {
  const idle = workers();
  await restarting(idle.start).close();
  expect(idle.start).not.toHaveBeenCalled();
  const { start, closed } = workers([result, new InputError("bad"), result]);
  const runtime = restarting(start);
  expect(await runtime.run(job, context)).toBe(result);
  await expect(runtime.run(job, context)).rejects.toThrow(InputError);
  expect(await runtime.run(job, context)).toBe(result);
  expect([start.mock.calls.length, closed]).toEqual([1, []]);
  await runtime.close();
  expect(closed).toEqual([0]);
  await expect(runtime.run(job, context)).rejects.toThrow("the runtime is closed");
});

it("runs a job once more after a crash, and tells of it", async () => {
  const crash = new Crash("gone");
  const { start, closed } = workers([result, crash], [result, result]);
  const runtime = restarting(start);
  const onRestart = vi.fn();
  for (let i = 0; i < 3; i++) expect(await runtime.run(job, { ...context, onRestart })).toBe(result);
  expect(onRestart.mock.calls).toEqual([[crash]]);
  expect([start.mock.calls.length, closed]).toEqual([2, [0]]);
});

it("gives a job up after its second crash, not the jobs after it", async () => {
  const { start, closed } = workers([new Crash("once")], [new Crash("twice")], [result]);
  const runtime = restarting(start);
  const onRestart = vi.fn();
  const failure = await runtime.run(job, { ...context, onRestart }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(DeviceError);
  expect(failure).toMatchObject({ message: "twice", remedy: expect.stringMatching(/smaller/) });
  expect(onRestart).toHaveBeenCalledTimes(1);
  expect(await runtime.run(job, context)).toBe(result);
  expect(closed).toEqual([0, 1]);
});

it("starts one worker for all jobs that one crash ended", async () => {
  const { start, closed } = workers([new Crash("gone"), new Crash("gone")], [result, result]);
  const runtime = restarting(start);
  expect(await Promise.all([runtime.run(job, context), runtime.run(job, context)])).toEqual([result, result]);
  expect([start.mock.calls.length, closed]).toEqual([2, [0]]);
});

it("does not try again what does not start", async () => {
  const start = vi.fn(async (): Promise<Worker> => {
    throw new DeviceError("no browser");
  });
  const runtime = restarting(start);
  await expect(runtime.run(job, context)).rejects.toThrow("no browser");
  expect(start).toHaveBeenCalledTimes(1);
  await runtime.close();
});
