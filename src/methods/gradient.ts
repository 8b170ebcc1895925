/** `gradient`: the objective and its exact gradient with respect to given images. */
import { createAscent } from "../engine/run/ascent.ts";
import { defaultRecipe } from "../optvis/recipe.ts";
import { method } from "./method.ts";
import { type GpuReport, libraryContext, whereRun } from "./report.ts";
import { finiteImage } from "./shared/image.ts";
import { figure } from "./shared/text.ts";

export interface GradientReport extends GpuReport {
  /** One number an image, without L2. */
  readonly objective: readonly number[];
}

/** Without L2 and never with the ReLU redirect: the derivative as PyTorch would compute it. */
export const gradient = method({
  name: "Gradient",
  sentence: "Compute an objective's exact gradient with respect to given images.",
  source: "the chain rule",
  input: "images",
  subject: "objective",
  options: {},
  makes: { objective: { shape: "[N]" }, gradient: { shape: "[N,3,H,W]" } },
  examples: ["--model embedded --objective class:3 --image in.safetensors --out out.safetensors"],
  steps: () => 0,
  async run(gpu, model, { objective, image, target }, context = libraryContext()) {
    const { shape, data } = image;
    const [batch, height, width] = finiteImage(image);
    const recipe = { ...defaultRecipe, objective, size: [height, width] as const, batch, redirect: false };
    const ascent = await createAscent(gpu, model, recipe, { target, first: "gradient" });
    try {
      const found = await ascent.gradient(data);
      const report: GradientReport = {
        ...whereRun(gpu, context),
        objective: [...found.objective],
        kernels: ascent.kernels,
      };
      return {
        report,
        tensors: {
          objective: { shape: [batch], data: found.objective },
          gradient: { shape, data: found.gradient },
        },
      };
    } finally {
      ascent.dispose();
    }
  },
  summary({ objective }: GradientReport) {
    const images = objective.length === 1 ? "one image" : `${objective.length} images`;
    return `gradient of ${images}, objective ${objective.map(figure).join(", ")}`;
  },
});
