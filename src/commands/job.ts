/** A command with its options as one value, so that the same job can run in this process or in a page. */

import type { Gpu } from "../gpu/device.ts";
import type { Model } from "../model/network.ts";
import { bench } from "./bench.ts";
import { type GradientOptions, gradient } from "./gradient.ts";
import { type RenderOptions, render } from "./render.ts";
import type { BenchReport, GradientReport, Result, RunContext, RunReport } from "./report.ts";

export type Job =
  | ({ readonly command: "gradient" } & GradientOptions)
  | ({ readonly command: "render" } & RenderOptions)
  | ({ readonly command: "bench" } & RenderOptions);

/** The report each command makes. */
export interface Reports {
  readonly gradient: GradientReport;
  readonly render: RunReport;
  readonly bench: BenchReport;
}

export function runJob(
  gpu: Gpu,
  model: Model,
  job: Job,
  context: RunContext,
): Promise<Result<Reports[keyof Reports]>> {
  if (job.command === "gradient") return gradient(gpu, model, job, context);
  if (job.command === "render") return render(gpu, model, job, context);
  return bench(gpu, model, job, context);
}
