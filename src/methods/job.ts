/** A method with its options as one value, so that the same job can run in this process, another one or a page. */
import type { Gpu } from "../gpu/device.ts";
import type { Model } from "../model/network.ts";
import { type MethodName, methods, type OptionsOf, type ResultOf } from "./methods.ts";
import type { RunContext } from "./report.ts";

/** A job for one method. */
export type JobOf<Name extends MethodName> = {
  readonly [Each in Name]: { readonly method: Each; readonly options: OptionsOf<Each> };
}[Name];

export type Job = JobOf<MethodName>;

/** @throws AscentError of every kind */
export function runJob<Name extends MethodName>(
  gpu: Gpu,
  model: Model,
  job: JobOf<Name>,
  context: RunContext,
): Promise<ResultOf<Name>> {
  const { method, options } = job as Job;
  return methods[method].run(gpu, model, options as object, context) as Promise<ResultOf<Name>>;
}
