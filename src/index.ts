/**
 * The library: everything between a checkpoint and a picture, for any runtime that has WebGPU. It is
 * handed its GPU and touches no document and no files.
 *
 * ```ts
 * const gpu = await requestGpu(navigator.gpu);
 * const model = await openModel(await urlSource("vgg19.safetensors"), { preprocess: "imagenet" });
 * const recipe = { ...defaultRecipe, objective: "channel:conv3_4:17", size: [224, 224] as const };
 * const ascent = await createAscent(gpu, model, recipe);
 * for await (const { iteration, objective } of ascent.run({ iterations: 512, objective: true })) { … }
 * const image = await ascent.readImage();
 * ascent.dispose();
 * gpu.dispose();
 * ```
 */

export { type Limits, measureLimits, measureMatmul } from "./engine/kernels/limits.ts";
export type { TuningOptions, TuningReport } from "./engine/kernels/tuner.ts";
export type { TuningStorage } from "./engine/kernels/tuning-memory.ts";
export { formatVariants, parseVariants } from "./engine/kernels/variant-text.ts";
export type { ConvolutionPass } from "./engine/kernels/variants.ts";
export type { Plan, PlanOptions } from "./engine/plan/plan.ts";
export { planAscent } from "./engine/plan/plan-ascent.ts";
export {
  Ascent,
  type AscentOptions,
  type Checkpoint,
  createAscent,
  type LiveSettings,
  type Progress,
  type ResetOptions,
  type RunOptions,
} from "./engine/run/ascent.ts";
export { drawAt } from "./engine/run/draw.ts";
export { AscentError, DeviceError, InputError, ShaderError, WeightsError } from "./errors.ts";
export { Gpu, type GpuOptions, requestGpu } from "./gpu/device.ts";
export { type Beside, filesBeside, urlBeside } from "./model/beside.ts";
export { type ConvertedModel, convertModel } from "./model/convert.ts";
export { classIndex } from "./model/labels.ts";
export { type OpenOptions, openModel } from "./model/model.ts";
export { type AddressOptions, isAddress, type ModelSource, modelSource } from "./model/model-source.ts";
export type { Layer, LayerWeights, Model, Network, Preprocess, Shape } from "./model/network.ts";
export { type Answer, type Question, QuestionError } from "./model/question.ts";
export { layerShapes, parameterCount, type ReceptiveField, receptiveField } from "./model/shapes.ts";
export { type ByteSource, blobSource, bytesSource } from "./model/source.ts";
export { type UrlOptions, urlSource } from "./model/url-source.ts";
export type { Row, Table } from "./optvis/field.ts";
export {
  type NamedRecipe,
  namedRecipes,
  type RecipeName,
  recipeNames,
  recipeSettings,
} from "./optvis/named-recipes.ts";
export { formatObjective, objectiveForms, parseObjective } from "./optvis/objective.ts";
export { fitPhoto, fitTransparent, type Raster, toPixels, trainedPhoto } from "./optvis/picture.ts";
export {
  defaultRecipe,
  type LiveField,
  type OptimizerKind,
  type ParamKind,
  type Recipe,
} from "./optvis/recipe.ts";
export { type RecipeRow, recipeFields } from "./optvis/recipe-fields.ts";
export { checkRecipe, parseRecipe, recipeFromQuery, recipeToQuery } from "./optvis/recipe-text.ts";
export { type TunedSettings, tunedSettings } from "./optvis/recipes.ts";
export type { Objective, Term } from "./optvis/term.ts";
export { directionSpec } from "./optvis/terms/direction-text.ts";
