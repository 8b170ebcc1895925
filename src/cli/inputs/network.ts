/** Methods that are given the network alone: they run here, without a GPU. */
import type { Gpu } from "../../gpu/device.ts";
import { weightsOf, withNetwork } from "../running.ts";
import { addSettings, givenSettings, type InputKind, printReport } from "./input.ts";

export const networkInput: InputKind = {
  addFlags: addSettings,
  async act(call) {
    const options = givenSettings(call.method, call.flags);
    const weights = await weightsOf(call.flags);
    // These methods look at no GPU.
    const none = undefined as unknown as Gpu;
    const { report } = await withNetwork(call.flags.model, weights, (model) =>
      call.method.run(none, model, options),
    );
    printReport(call, report);
  },
};
