/** Methods that are given the network alone: they run here, without a GPU, unless a photograph checks the network. */
import { InputError } from "../../errors.ts";
import type { Gpu } from "../../gpu/device.ts";
import { classify, fitOf } from "../../methods/classify.ts";
import { usualSize } from "../../methods/info.ts";
import type { Model, Size } from "../../model/network.ts";
import { readImageOrPhoto } from "../images.ts";
import { executeWithProgress, print, weightsOf, withNetwork } from "../running.ts";
import { addFlag } from "../table-flags.ts";
import { addSettings, type Call, givenSettings, type InputKind, printReport, tellReport } from "./input.ts";

interface NetworkFlags {
  readonly check?: string;
  readonly expect?: string;
  readonly size?: Size;
}

export const networkInput: InputKind = {
  addFlags(target, method) {
    addSettings(target, method)
      .optionsGroup("Check:")
      .option("--check <image>", "a photograph: the five classes that the network sees in it; needs a GPU");
    addFlag(target, "expect", classify.options.expect);
  },
  async act(call: Call<NetworkFlags>) {
    const { method, flags } = call;
    if (flags.expect !== undefined && flags.check === undefined) {
      throw new InputError("--expect: expected a photograph to look at, got none", {
        remedy: "give --check IMAGE",
      });
    }
    const options = givenSettings(method, flags);
    const weights = await weightsOf(flags);
    // These methods look at no GPU.
    const none = undefined as unknown as Gpu;
    const { report, given } = await withNetwork(flags.model, weights, async (model) => ({
      given: flags.check === undefined ? undefined : await photographOf(model, flags, flags.check),
      report: (await method.run(none, model, options)).report,
    }));
    if (given === undefined) return printReport(call, report);
    const context = { runtime: flags.runtime, startedAt: call.startedAt };
    const job = { method: "classify", options: given } as const;
    const { report: check } = await executeWithProgress(weights, job, 0, context);
    tellReport(check);
    const text = `${method.summary(report)}\n\n${classify.summary(check)}`;
    print(flags.json ? JSON.stringify({ ...report, check }) : text);
  },
};

async function photographOf(model: Model, { size, expect }: NetworkFlags, path: string) {
  const fit = { flag: "--check", fit: fitOf(classify) };
  const image = await readImageOrPhoto(path, size, usualSize(model.network), fit);
  const given = { image, ...(expect === undefined ? {} : { expect }) };
  classify.check?.(model, given);
  return given;
}
