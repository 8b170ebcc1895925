/** What a worker says where no job comes so far as to use its device. The rest is in `worker.cases.ts`. */
import { beforeEach, expect, it, vi } from "vitest";
import { DeviceError, WeightsError } from "../../src/errors.ts";
import type { Gpu } from "../../src/gpu/device.ts";
import type { Job } from "../../src/methods/job.ts";
import type { Model } from "../../src/model/network.ts";
import type { FromWorker } from "../../src/runtime/protocol.ts";
import { createWorker } from "../../src/runtime/worker.ts";

const job: Job = { method: "saliency", options: {} as never };
const tell = vi.fn<(message: FromWorker) => void>();
beforeEach(() => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  tell.mockClear();
});

const heard = (count: number) => vi.waitFor(() => expect(tell).toHaveBeenCalledTimes(count), 3000);

it("tells every job why its model or device could not be opened", async () => {
  const open = vi.fn(() => Promise.reject(new WeightsError("too short", { remedy: "download it again" })));
  const receive = createWorker({ open, tell });
  receive({ kind: "open", weights: { path: "x" }, runtime: "dawn" });
  for (const task of [3, 4]) receive({ kind: "job", task, job, startedAt: 0 });
  await heard(2);
  const error = { name: "WeightsError", message: "too short", remedy: "download it again" };
  expect(tell.mock.calls).toEqual([3, 4].map((task) => [{ kind: "error", task, error }]));
  expect(open).toHaveBeenCalledTimes(1);
});

it("tells a lost device once, not the failures that come of it", async () => {
  let lose: (error: DeviceError) => void = () => {};
  const lost = new Promise<DeviceError>((resolve) => {
    lose = resolve;
  });
  const receive = createWorker({
    open: async () => ({ gpu: { lost } as Gpu, model: {} as Model }),
    tell,
  });
  receive({ kind: "open", weights: { path: "x" }, runtime: "dawn" });
  // It fails at once, of the model that is none.
  receive({ kind: "job", task: 0, job, startedAt: 0 });
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(tell).not.toHaveBeenCalled();
  lose(new DeviceError("lost", { remedy: "again" }));
  await heard(1);
  await new Promise((resolve) => setTimeout(resolve, 600));
  const error = { name: "DeviceError", message: "lost", remedy: "again" };
  expect(tell.mock.calls).toEqual([[{ kind: "lost", error }]]);
});

it("refuses a job before it has a model", async () => {
  const receive = createWorker({ open: () => Promise.reject(new Error("not asked")), tell });
  receive({ kind: "job", task: 0, job, startedAt: 0 });
  await heard(1);
  expect(tell.mock.calls[0]?.[0]).toMatchObject({ kind: "error", error: { name: "InputError" } });
});
