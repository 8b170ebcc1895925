/**
 * The worker as a process with Dawn in it. Native code writes its own lines to stderr, and takes its process along if it
 * crashes.
 */

import { requestGpu } from "../gpu/device.ts";
import { openModel } from "../model/model.ts";
import type { ToWorker } from "../runtime/protocol.ts";
import { createWorker } from "../runtime/worker.ts";
import { dawnGpu } from "./dawn.ts";
import { fileBeside, fileSource } from "./files.ts";
import { tuningFile } from "./tuning-file.ts";

const receive = createWorker({
  async open({ path, ...options }) {
    const model = await openModel(await fileSource(path), { ...options, beside: fileBeside(path) });
    return { model, gpu: await requestGpu(await dawnGpu()) };
  },
  tell: (message) => void process.send?.(message),
  storage: tuningFile(),
});

process.on("message", (message: ToWorker) => receive(message));

// The parent ends this process when it has no more jobs. If the parent ends first, there is no one to work for.
process.once("disconnect", () => process.exit());
