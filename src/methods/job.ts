/** A command with its options as one value, so that the same job can run in this process or in a page. */

import type { Gpu } from "../gpu/device.ts";
import type { Model } from "../model/network.ts";
import { type AttributionOptions, attribution } from "./attribution.ts";
import { type BenchOptions, bench } from "./bench.ts";
import { type DreamOptions, dream } from "./dream.ts";
import { type ExamplesOptions, examples } from "./examples.ts";
import { type FoolOptions, fool } from "./fool.ts";
import { type GradientOptions, gradient } from "./gradient.ts";
import { type GridOptions, grid } from "./grid.ts";
import { type ReconstructOptions, reconstruct } from "./reconstruct.ts";
import { type RenderOptions, render } from "./render.ts";
import type {
  AttributionReport,
  BenchReport,
  DreamReport,
  ExamplesReport,
  FoolReport,
  GradientReport,
  GridReport,
  Result,
  RunContext,
  RunReport,
} from "./report.ts";

export type Job =
  | ({ readonly command: "gradient" } & GradientOptions)
  | ({ readonly command: "attribution" } & AttributionOptions)
  | ({ readonly command: "fool" } & FoolOptions)
  | ({ readonly command: "reconstruct" } & ReconstructOptions)
  | ({ readonly command: "dream" } & DreamOptions)
  | ({ readonly command: "grid" } & GridOptions)
  | ({ readonly command: "examples" } & ExamplesOptions)
  | ({ readonly command: "render" } & RenderOptions)
  | ({ readonly command: "bench" } & BenchOptions);

/** The report each command makes. */
export interface Reports {
  readonly gradient: GradientReport;
  readonly attribution: AttributionReport;
  readonly fool: FoolReport;
  readonly reconstruct: RunReport;
  readonly dream: DreamReport;
  readonly grid: GridReport;
  readonly examples: ExamplesReport;
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
    case "reconstruct":
      return reconstruct(gpu, model, job, context);
    case "dream":
      return dream(gpu, model, job, context);
    case "grid":
      return grid(gpu, model, job, context);
    case "examples":
      return examples(gpu, model, job, context);
    case "render":
      return render(gpu, model, job, context);
    case "bench":
      return bench(gpu, model, job, context);
  }
}
