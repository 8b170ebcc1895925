/** `render`: gradient ascent on the image from a start to N iterations, or until it stands. */
import { createAscent } from "../engine/run/ascent.ts";
import { changesOf, endOf, recipeOfCourse } from "../optvis/course.ts";
import { number, size } from "../optvis/field.ts";
import { defaultRecipe } from "../optvis/recipe.ts";
import { recipeFields } from "../optvis/recipe-fields.ts";
import { standardized } from "../optvis/standardize.ts";
import { hangWall } from "../optvis/wall.ts";
import { method } from "./method.ts";
import { runText, timedRun } from "./shared/timed-run.ts";

const options = {
  until: number({
    label: "Until",
    help: "stop when the objective's relative gain over 20 iterations falls below this, looked at every 20",
    default: 0,
    leftOut: "",
    least: 0,
    most: 1e9,
    whole: false,
    placeholder: "eps",
  }),
  drawSize: size({
    label: "Drawn size",
    help: "pixels at which a CPPN is drawn in the end",
    default: defaultRecipe.size,
    leftOut: "--size",
    least: recipeFields.size.least,
    most: recipeFields.size.most,
  }),
};

export const render = method({
  name: "Render",
  sentence: "Draw what maximises an objective.",
  source: "Erhan et al. 2009",
  input: "recipe",
  subject: "none",
  options,
  makes: {
    image: { shape: "[N,3,H,W]", unit: "unclamped" },
    alpha: { shape: "[N,1,H,W]", optional: true },
  },
  examples: [
    "--model embedded --objective class:goldfish --size 128 --recipe default --out goldfish.png",
    "--model vgg19.safetensors --preprocess caffe --objective channel:conv3_4:17 --size 96x128 \\\n    --iterations 200 --lr 0.02 --jitter 4 --clamp --out texture.png",
  ],
  picture: {
    note: "clamped to 0–1, 8 bits, with its recipe; a batch in rows of ⌈√N⌉",
    draw({ report, tensors: { image, alpha } }, { recipe }) {
      const [batch, , height, width] = image.shape as [number, number, number, number];
      const shown = recipe.standardize ? standardized(image.data, batch) : image.data;
      const made = recipeOfCourse(recipe, changesOf(recipe), report.iterations);
      return { ...hangWall(shown, batch, [height, width], alpha?.data), recipe: made };
    },
  },
  steps: ({ recipe }) => endOf(recipe),
  async run(gpu, model, { recipe, photo, target, until, drawSize }, context) {
    const storage = context?.storage;
    const ascent = await createAscent(gpu, model, recipe, { photo, target, tuning: storage && { storage } });
    try {
      const report = await timedRun(gpu, model, ascent, { recipe, until }, context);
      const at = drawSize ?? recipe.size;
      const data = drawSize ? await ascent.drawImage(drawSize) : await ascent.readImage();
      const alpha = await ascent.readAlpha();
      const image = { shape: [recipe.batch, ascent.plan.colours, ...at], data };
      const opacity = alpha && { alpha: { shape: [recipe.batch, 1, ...at], data: alpha } };
      return { report, tensors: { image, ...opacity } };
    } finally {
      ascent.dispose();
    }
  },
  summary: runText,
});
