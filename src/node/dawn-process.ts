/**
 * The process that Dawn runs in: takes one task from its parent and answers with a result or an error.
 * Native code writes its own lines to stderr, and if a driver crashes it takes its process along.
 */

import { requestGpu } from "../gpu/device.ts";
import { runJob } from "../methods/job.ts";
import { openModel } from "../model/model.ts";
import { packError } from "../runtime/protocol.ts";
import { dawnGpu } from "./dawn.ts";
import type { DawnMessage, DawnTask } from "./execute.ts";
import { fileSource } from "./files.ts";
import { tuningFile } from "./tuning-file.ts";

async function run({ weights, job, startedAt }: DawnTask): Promise<void> {
  const source = await fileSource(weights.path);
  const model = await openModel(source, weights);
  const gpu = await requestGpu(await dawnGpu());
  const onProgress = (iteration: number): void => tell({ kind: "progress", iteration });
  const result = await runJob(gpu, model, job, {
    runtime: "dawn",
    startedAt,
    onProgress,
    storage: tuningFile(),
  });
  tell({ kind: "result", result });
  gpu.dispose();
  source.close();
}

function tell(message: DawnMessage): void {
  process.send?.(message);
}

process.once("message", (task: DawnTask) => {
  run(task).catch((error: unknown) => {
    // The parent shows this if ASCENT_DEBUG is set.
    console.error(error);
    tell({ kind: "error", error: packError(error) });
  });
});

// The parent ends this process once it has its answer. Should the parent end first, there is no one to work for.
process.once("disconnect", () => process.exit());
