/** One worker for many jobs: the same tensors each time, and no byte of the device more after ten jobs than after one. */
import type { Job } from "../../src/methods/job.ts";
import { defaultRecipe } from "../../src/optvis/recipe.ts";
import type { FromWorker } from "../../src/runtime/protocol.ts";
import { createWorker } from "../../src/runtime/worker.ts";
import type { GpuCase } from "../stacks/case.ts";
import { embedded } from "../support/embedded.ts";
import { gpuOf } from "../support/gpu.ts";

const SIZE = [32, 32] as const;
const image = {
  shape: [1, 3, ...SIZE],
  data: Float32Array.from({ length: 3 * 32 * 32 }, (_, i) => (i % 97) / 97),
};
const objective = "channel:conv2_1:7";
const recipe = { ...defaultRecipe, objective, size: SIZE, iterations: 3, jitter: 2, init: "noise" } as const;

/** Methods of every kind: an ascent alone, one that keeps activations, some passes, several ascents. */
const jobs: readonly Job[] = [
  { method: "render", options: { recipe } },
  { method: "render", options: { recipe: { ...recipe, param: "fourier", batch: 2 } } },
  { method: "gradient", options: { objective, image } },
  { method: "gradcam", options: { objective: "class:0", image } },
  { method: "smoothgrad", options: { objective: "class:0", image, samples: 3 } },
  { method: "examples", options: { layer: "conv2_1", channel: 3, image } },
  { method: "fool", options: { objective: "class:1", image, iterations: 2 } },
  { method: "invert", options: { layer: "conv2_1", image, iterations: 2 } },
  { method: "dream", options: { objective: "layer:conv2_1", image, octaves: 2, iterations: 2 } },
  { method: "grid", options: { layer: "conv2_1", image, cells: 2, cell: 32, iterations: 2 } },
];

const leavesNothing: GpuCase = {
  name: "job after job on one device gives the same and leaves nothing",
  once: true,
  async run(device, assets) {
    const gpu = gpuOf(device);
    const model = await embedded(assets);
    let hear: (message: FromWorker) => void = () => {};
    const receive = createWorker({
      open: async () => ({ gpu, model }),
      tell: (message) => void (message.kind !== "progress" && hear(message)),
    });
    receive({ kind: "open", weights: { path: "" }, runtime: "browser" });
    let task = 0;
    const run = async (job: Job) => {
      const answer = new Promise<FromWorker>((resolve) => {
        hear = resolve;
      });
      receive({ kind: "job", task: task++, job, startedAt: 0 });
      const message = await answer;
      if (message.kind === "result") return message.result.tensors;
      throw new Error(`${job.method}: ${JSON.stringify(message)}`);
    };
    const before = gpu.allocatedBytes;
    for (const job of jobs) {
      const first = JSON.stringify(await run(job));
      for (let time = 1; time < (job === jobs[0] ? 10 : 2); time++) {
        if (JSON.stringify(await run(job)) !== first) throw new Error(`${job.method}: another result`);
        const left = gpu.allocatedBytes - before;
        if (left !== 0) throw new Error(`${job.method}: leaves ${left} bytes`);
      }
    }
  },
};

const stops: GpuCase = {
  name: "a job stops when it is told to",
  async run(device, assets) {
    const model = await embedded(assets);
    const result = await new Promise<FromWorker>((resolve) => {
      const receive = createWorker({
        open: async () => ({ gpu: gpuOf(device), model }),
        tell(message) {
          if (message.kind === "progress") receive({ kind: "abort", task: message.task });
          else resolve(message);
        },
      });
      receive({ kind: "open", weights: { path: "" }, runtime: "browser" });
      const job: Job = { method: "render", options: { recipe: { ...recipe, iterations: 1_000_000 } } };
      receive({ kind: "job", task: 4, job, startedAt: 0 });
    });
    if (result.kind !== "result" || result.task !== 4) throw new Error(JSON.stringify(result));
    const { iterations } = result.result.report as { iterations: number };
    if (!(iterations >= 1 && iterations < 100_000)) throw new Error(`${iterations} iterations`);
  },
};

export const cases: readonly GpuCase[] = [leavesNothing, stops];
