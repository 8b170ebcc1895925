/** A command with its options as one value, so that the same job can run in this process or in a page. */

import type { Gpu } from "../gpu/device.ts";
import type { Model } from "../model/network.ts";
import { type AttributionOptions, attribution } from "./attribution.ts";
import { bench } from "./bench.ts";
import { type FoolOptions, fool } from "./fool.ts";
import { type GradientOptions, gradient } from "./gradient.ts";
import { type RenderOptions, render } from "./render.ts";
import type {
  AttributionReport,
  BenchReport,
  FoolReport,
  GradientReport,
  Result,
  RunContext,
  RunReport,
} from "./report.ts";

export type Job =
  | ({ readonly command: "gradient" } & GradientOptions)
  | ({ readonly command: "attribution" } & AttributionOptions)
  | ({ readonly command: "fool" } & FoolOptions)
  | ({ readonly command: "render" } & RenderOptions)
  | ({ readonly command: "bench" } & RenderOptions);

/** The report each command makes. */
export interface Reports {
  readonly gradient: GradientReport;
  readonly attribution: AttributionReport;
  readonly fool: FoolReport;
  readonly render: RunReport;
  readonly bench: BenchReport;
}

export function runJob(
  gpu: Gpu,
  model: Model,
  job: Job,
  context: RunContext,
): Promise<Result<Reports[keyof Reports]>> {
  switch (job.command) {
    case "gradient":
      return gradient(gpu, model, job, context);
    case "attribution":
      return attribution(gpu, model, job, context);
    case "fool":
      return fool(gpu, model, job, context);
    case "render":
      return render(gpu, model, job, context);
    case "bench":
      return bench(gpu, model, job, context);
  }
}
