/** What a worker says about a task reaches the run that the task is of, and no other. */
import { expect, it, vi } from "vitest";
import { DeviceError, InputError } from "../../src/errors.ts";
import type { Job } from "../../src/methods/job.ts";
import type { AnyResult } from "../../src/methods/methods.ts";
import { Crash, startConversation } from "../../src/node/conversation.ts";
import type { ToWorker } from "../../src/runtime/protocol.ts";

const job = {} as Job;
const resultOf = (name: string) => ({ report: { name }, tensors: {} }) as unknown as AnyResult;

function conversation() {
  const sent: ToWorker[] = [];
  return { sent, ...startConversation((message) => void sent.push(message)) };
}

it("progress, results and errors go to their runs, in whatever order they come", async () => {
  const { run, receive, sent } = conversation();
  const [progress, other] = [vi.fn(), vi.fn()];
  const first = run(job, { startedAt: 5, onProgress: progress });
  const second = run(job, { startedAt: 6, onProgress: other });
  const third = run(job, { startedAt: 7 });
  expect(sent).toEqual([0, 1, 2].map((task) => ({ kind: "job", task, job, startedAt: 5 + task })));
  receive({ kind: "progress", task: 1, iteration: 9 });
  receive({ kind: "progress", task: 2, iteration: 1 });
  receive({ kind: "result", task: 1, result: resultOf("second") });
  receive({
    kind: "error",
    task: 2,
    error: { name: "InputError", message: "no layer", remedy: "name another" },
  });
  receive({ kind: "result", task: 0, result: resultOf("first") });
  expect(await first).toEqual(resultOf("first"));
  expect(await second).toEqual(resultOf("second"));
  const error = await third.catch((error: unknown) => error);
  expect(error).toBeInstanceOf(InputError);
  expect(error).toMatchObject({ message: "no layer", remedy: "name another" });
  expect([progress.mock.calls, other.mock.calls]).toEqual([[], [[9]]]);
  // What comes late is about nobody.
  receive({ kind: "progress", task: 1, iteration: 10 });
  receive({ kind: "result", task: 0, result: resultOf("again") });
  expect(other).toHaveBeenCalledTimes(1);
});

it("a signal stops the run that it was given to", async () => {
  const { run, receive, sent } = conversation();
  const abort = new AbortController();
  void run(job, { startedAt: 0 });
  const stopped = run(job, { startedAt: 0, signal: abort.signal });
  abort.abort();
  expect(sent.at(-1)).toEqual({ kind: "abort", task: 1 });
  receive({ kind: "result", task: 1, result: resultOf("as far as it came") });
  await stopped;
  const late = new AbortController();
  const finished = run(job, { startedAt: 0, signal: late.signal });
  receive({ kind: "result", task: 2, result: resultOf("done") });
  await finished;
  const before = sent.length;
  late.abort();
  expect(sent).toHaveLength(before);
  void run(job, { startedAt: 0, signal: late.signal });
  expect(sent.at(-1)).toEqual({ kind: "abort", task: 3 });
});

it("a lost device is a crash to every run, and to those that come after", async () => {
  const { run, receive, end } = conversation();
  const runs = [run(job, { startedAt: 0 }), run(job, { startedAt: 0 })];
  receive({ kind: "lost", error: { name: "DeviceError", message: "the device was lost" } });
  end(new DeviceError("ended later"));
  for (const one of [...runs, run(job, { startedAt: 0 })]) {
    const error = await one.catch((error: unknown) => error);
    expect(error).toBeInstanceOf(Crash);
    expect(error).toBeInstanceOf(DeviceError);
    expect(error).toMatchObject({ name: "DeviceError", message: "the device was lost" });
    expect((error as Crash).remedy).toMatch(/smaller size/);
  }
});
