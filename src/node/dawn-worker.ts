/** Starts Dawn in a process of its own, which runs jobs (`dawn-process.ts`). */

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { DeviceError } from "../errors.ts";
import type { FromWorker, ToWorker, Weights } from "../runtime/protocol.ts";
import { Crash, startConversation, type WeightsNews, type Worker } from "./conversation.ts";
import { builtFile } from "./package-file.ts";

/** @throws InputError where it is not built */
export async function startDawnWorker(weights: Weights, news: WeightsNews = {}): Promise<Worker> {
  const child = fork(builtFile("node/dawn-process.js"), [], {
    serialization: "advanced",
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  const lastWords = listen(child);
  // A message that cannot be sent is no news: the end of the process is told by itself.
  const send = (message: ToWorker): void => void child.send(message, () => {});
  const conversation = startConversation(send, news);
  const ended = once(child, "close").catch(() => undefined);
  child.on("message", (message: FromWorker) => conversation.receive(message));
  child.once("error", (cause) =>
    conversation.end(new DeviceError(`Dawn's process does not start: ${cause.message}`, { cause })),
  );
  child.once("close", (code, signal) =>
    conversation.end(
      new Crash(`Dawn ended before the work was done (${signal ?? `exit code ${code}`})${lastWords()}`),
    ),
  );
  send({ kind: "open", weights, runtime: "dawn" });
  return {
    run: conversation.run,
    async close() {
      conversation.end(new DeviceError("Dawn's process was ended"));
      // It has nothing more to say, and drivers take their time to end.
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** Keeps the lines of native code off our stderr. @returns the last of them, to be put after a message */
function listen(child: ChildProcess): () => string {
  let text = "";
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    if (process.env["ASCENT_DEBUG"]) process.stderr.write(chunk);
    text = (text + chunk).slice(-2000);
  });
  return () => {
    const line = text.trim().split("\n").at(-1);
    return line ? `: ${line}` : "";
  };
}
