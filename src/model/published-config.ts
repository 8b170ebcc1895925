/**
 * What `config.json` and `preprocessor_config.json` beside published weights say: timm's and transformers' keys. They
 * are a stranger's files, so whatever is not as expected is left out.
 */
import type { Preprocess } from "./network.ts";
import { lenient } from "./preprocess.ts";

/** What a network's publisher says of it. */
export interface Published {
  readonly preprocess?: Preprocess;
  /** Names of the classes, index for index. */
  readonly classes?: readonly string[];
}

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function objectAt(json: unknown, key: string): Json {
  const value = isObject(json) && Object.hasOwn(json, key) ? json[key] : undefined;
  return isObject(value) ? value : {};
}

/** @param config parsed `config.json` @param processor parsed `preprocessor_config.json` */
export function publishedConfig(config: unknown, processor: unknown): Published {
  const whole = isObject(config) ? config : {};
  // timm's older files have no `pretrained_cfg`: its keys stand at the top.
  const timm = { ...whole, ...objectAt(config, "pretrained_cfg") };
  const preprocess = timmPreprocess(timm) ?? processorPreprocess(isObject(processor) ? processor : {});
  const classes = texts(timm["label_names"]) ?? labels(whole["id2label"]);
  return { ...(preprocess && { preprocess }), ...(classes && { classes }) };
}

function timmPreprocess({ mean, std }: Json): Preprocess | undefined {
  return ofChannels(mean) && ofChannels(std) ? lenient(`mean=${mean.join()};std=${std.join()}`) : undefined;
}

/** transformers: pixels 0–255 times a factor, minus the mean, over the deviation; each step may be left out. */
function processorPreprocess(json: Json): Preprocess | undefined {
  const { image_mean: mean, image_std: std, rescale_factor: factor = 1 / 255 } = json;
  const rescaled = json["do_rescale"] !== false;
  if (mean === undefined && !rescaled) return undefined;
  const unit = rescaled ? 255 * (typeof factor === "number" ? factor : NaN) : 255;
  if (!(unit > 0 && Number.isFinite(unit))) return undefined;
  const order = json["do_flip_channel_order"] === true ? ";order=bgr" : "";
  if (json["do_normalize"] === false) {
    return lenient(`mean=0,0,0;std=${[1, 1, 1].map((one) => one / unit).join()}${order}`);
  }
  if (!ofChannels(mean) || !ofChannels(std)) return undefined;
  const inUnits = (list: readonly number[]): string =>
    list.map((number) => Number((number / unit).toPrecision(7))).join();
  return lenient(`mean=${inUnits(mean)};std=${inUnits(std)}${order}`);
}

/** A number for each of red, green and blue, or one for grey. */
function ofChannels(value: unknown): value is readonly number[] {
  return (
    Array.isArray(value) &&
    (value.length === 3 || value.length === 1) &&
    value.every((one) => typeof one === "number")
  );
}

export function texts(value: unknown): readonly string[] | undefined {
  const list: readonly unknown[] = Array.isArray(value) ? value : [];
  return list.length > 0 && list.every((one): one is string => typeof one === "string") ? list : undefined;
}

/** `{"0": "tench", …}`. transformers writes LABEL_0, LABEL_1 … where nobody named them. */
export function labels(value: unknown): readonly string[] | undefined {
  if (!isObject(value)) return undefined;
  const count = Object.keys(value).length;
  const named = texts(Array.from({ length: count }, (_, i) => value[String(i)]));
  return named?.every((name) => /^LABEL_\d+$/.test(name)) ? undefined : named;
}
