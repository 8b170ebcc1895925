/**
 * The worker as a process with Dawn in it. Native code writes its own lines to stderr, and takes its process along if it
 * crashes.
 */

import { requestGpu } from "../gpu/device.ts";
import { openModel } from "../model/model.ts";
import type { FromWorker, ToWorker } from "../runtime/protocol.ts";
import { createWorker } from "../runtime/worker.ts";
import { dawnGpu } from "./dawn.ts";
import { tuningFile } from "./tuning-file.ts";
import { openWeights } from "./weights.ts";

function tell(message: FromWorker): void {
  process.send?.(message);
}

const receive = createWorker({
  async open({ path, offline, ...options }) {
    const { source, beside } = await openWeights(path, {
      offline,
      onProgress: (transfer) => tell({ kind: "transfer", transfer }),
      onRemark: (remark) => tell({ kind: "remark", remark }),
    });
    const model = await openModel(source, { ...options, beside });
    return { model, gpu: await requestGpu(await dawnGpu()) };
  },
  tell,
  storage: tuningFile(),
});

process.on("message", (message: ToWorker) => receive(message));

// The parent ends this process when it has no more jobs. If the parent ends first, there is no one to work for.
process.once("disconnect", () => process.exit());
