/**
 * What keeps a state dict from running, as far as names and shapes tell it: the first layer that cannot be run, and what it
 * is. Names are looked at first, since layers of other networks may fit each other by their shapes.
 */
import { shown, WeightsError } from "../errors.ts";
import { formatShape } from "./safetensors.ts";

type Shapes = ReadonlyMap<string, readonly number[]>;

/** What kinds of networks open: the remedy of every refusal. */
export const NETWORKS_THAT_OPEN =
  "networks that open are one chain of convolutions (odd sides, stride 1), activations (ReLU, leaky ReLU, tanh, sigmoid), batch norm and 2×2 pools, with or without linear layers at its end";

export function cannotRun(layer: string, what: string): WeightsError {
  return new WeightsError(`${shown(layer)} is ${what}, which cannot be run`, { remedy: NETWORKS_THAT_OPEN });
}

/** More channels than these are not an image's. */
const MOST_IMAGE_CHANNELS = 8;

/**
 * Why the first convolution cannot be run, where its images are neither RGB nor grey.
 * @param where the convolution, for the message
 */
export function otherImages(where: string, shape: readonly number[]): WeightsError | undefined {
  const [, channels = 0, height, width] = shape;
  if (shape.length !== 4 || height !== width) return undefined;
  if (channels <= 1 || channels === 3 || channels > MOST_IMAGE_CHANNELS) return undefined;
  return new WeightsError(`${where} reads images of ${channels} channels, which cannot be run`, {
    remedy: "networks that open read images of three channels, RGB, or of one, grey",
  });
}

/** What a path of names says that a layer is. */
const NAMED: readonly (readonly [path: RegExp, what: string])[] = [
  [/(^|[._])(attn|attention|self_attn|mha|qkv)([._]|$)/i, "attention"],
  [/embed(ding)?s?$/i, "an embedding of words"],
  [/(^|[._])(lstm|gru|rnn)\d*([._]|$)/i, "a recurrent layer"],
  [/(^|[._])inception|(^|[._])branch|(^|\.)mixed_?\d/i, "part of a block of branches"],
  [/dense_?(block|layer)/i, "part of a dense block"],
  [/(^|\.)(squeeze|expand\dx\d)(\.|$)/i, "part of a fire module"],
  [/deconv|conv_?transpose|transposed?_?conv|upconv/i, "a transposed convolution"],
  [/prelu/i, "a PReLU"],
  [/(^|[._])res(idual)?_?blocks?\d*([._]|$)/i, "part of a residual block"],
];
const SHORTCUT = /^((?:.*\.)?)(downsample|shortcut|skip|skip_connection)(\.|$)/i;
/** Of a file that holds more than the network: a loss's weights of classes. */
const BESIDE = /(^|\.)(criterion|loss\w*)\./i;

/** @throws WeightsError for the first layer whose name or number of axes says that it cannot be run */
export function expectRunnableNames(tensors: Shapes): void {
  const block = residualBlock(tensors);
  const weights = [...tensors].flatMap(([name, shape]) => {
    const part = /\.?(weight|in_proj_weight|weight_ih_l0)$/.exec(name)?.[0];
    return part === undefined || BESIDE.test(name) ? [] : [{ path: name.slice(0, -part.length), shape }];
  });
  const images = weights.filter(
    ({ shape }) => shape.length === 4 && (shape[1] === 1 || shape[1] === 3),
  ).length;
  const [first, second] = weights.filter(({ shape }) => shape.length === 4);
  if (first?.shape[2] === 11 && second?.shape[2] === 5) {
    throw cannotRun(first.path, "an 11×11 convolution with stride 4, as AlexNet's");
  }
  // One filter each for red, green and blue, which the next layer mixes. One channel of grey would be told apart by nothing.
  if (first?.shape[0] === 3 && first.shape[1] === 1 && second?.shape[1] === 3 && second.shape[2] === 1) {
    throw cannotRun(first.path, "a depthwise convolution");
  }
  let [convolutions, channels] = [0, 0];
  for (const [i, { path, shape }] of weights.entries()) {
    const passed = block?.exec(path)?.[0];
    if (passed !== undefined) throw cannotRun(passed, "a residual block");
    if (tensors.has(`${path}.running_mean`)) continue;
    const bias = tensors.get(`${path}.bias`);
    const behind = weights[i + 1]?.shape;
    const vector = (bias ?? (behind?.length === 1 ? behind : undefined))?.[0];
    const what =
      NAMED.find(([pattern]) => pattern.test(path))?.[1] ??
      byShape(shape, { biased: bias !== undefined, vector, images, convolutions, channels });
    if (what !== undefined) throw cannotRun(path, what);
    if (shape.length !== 4) continue;
    convolutions++;
    channels = shape[0] ?? 0;
  }
}

/** @throws WeightsError for the first layer with weights that has no place in the chain, where it might stand in it */
export function expectNoneLeft(tensors: Shapes, used: ReadonlySet<string>): void {
  for (const [name, shape] of tensors) {
    if (!name.endsWith(".weight") || shape.length === 0 || used.has(name) || BESIDE.test(name)) continue;
    const path = name.slice(0, -".weight".length);
    if (tensors.has(`${path}.running_mean`)) throw cannotRun(path, NORM_APART);
    throw cannotRun(path, `a layer with weights ${formatShape(shape)} that has no place among the others`);
  }
}

/** What a batch norm is that neither follows a layer with weights nor its activation. */
export const NORM_APART = "batch norm that follows neither a convolution nor its ReLU";

interface Seen {
  readonly biased: boolean;
  /** Length of the layer's bias, or of the vector behind it. */
  readonly vector: number | undefined;
  /** How many convolutions take one channel or three, as an image has. Where it is one, that is the first of all. */
  readonly images: number;
  /** How many stand before. */
  readonly convolutions: number;
  /** Channels of the last of them. */
  readonly channels: number;
}

/** What no layer of a plain stack is, by its weight's shape alone. */
function byShape(
  shape: readonly number[],
  { biased, vector, images, convolutions, channels }: Seen,
): string | undefined {
  const [outputs = 0, inputs = 0, height = 0, width = 0] = shape;
  switch (shape.length) {
    case 1:
      if (convolutions === 0) return undefined;
      return biased
        ? "a normalization without running statistics"
        : "a PReLU or a scale, whose numbers are learned";
    case 3:
      return "a 1-D convolution";
    case 4: {
      const even = height === width && height % 2 === 0;
      if (even && vector === inputs && vector !== outputs)
        return `a transposed ${height}×${width} convolution`;
      if (even && convolutions === 0 && (inputs === 3 || inputs === 1))
        return `a ${height}×${width} convolution`;
      const each = inputs === 1 && images > 1 && convolutions > 0 && outputs > 1 && outputs % channels === 0;
      return each ? "a depthwise convolution" : undefined;
    }
    case 5:
      return "a 3-D convolution";
  }
  return undefined;
}

/** Names of blocks like the one that a shortcut passes: `layer1.0`, where `layer2.0.downsample` is there. */
function residualBlock(tensors: Shapes): RegExp | undefined {
  for (const name of tensors.keys()) {
    const path = SHORTCUT.exec(name)?.[1]?.replace(/\.$/, "");
    if (path === undefined) continue;
    const family = path
      .replace(/[^\w.]/g, "")
      .replaceAll(".", "\\.")
      .replace(/\d+/g, "\\d+");
    return path === "" ? SHORTCUT : new RegExp(`^${family}(?=\\.)`);
  }
  return undefined;
}

export interface Place {
  /** Channels that the convolution before gives. */
  readonly channels: number;
  /** Of the layer's bias or batch norm, where there is one. */
  readonly vector: number | undefined;
  /** Output channels of all convolutions before, the image's among them. */
  readonly before: readonly number[];
}

/** In words what a convolution is that does not fit its place; undefined where its shape does not tell. */
export function misfit(shape: readonly number[], { channels, vector, before }: Place): string | undefined {
  const [outputs = 0, inputs = 0, height = 0, width = 0] = shape;
  const text = `a ${height}×${width} convolution`;
  if (shape.length !== 4 || outputs < 1 || inputs < 1) return undefined;
  if (inputs === channels) return text;
  if (height !== width) return undefined;
  if (outputs !== inputs && vector === inputs) return `a transposed ${text.slice(2)}`;
  const [, ...others] = before;
  const groups = channels / inputs;
  const why = others.includes(inputs)
    ? "those of an earlier layer: a branch, or past a sum"
    : others.some((a, i) => others.some((b, j) => i < j && a + b === inputs))
      ? "those of two layers: a concatenation"
      : others.length > 0 && Number.isInteger(groups) && outputs % groups === 0
        ? `${groups} groups`
        : undefined;
  return why && `${text} of ${inputs} channels, where ${channels} come in (${why})`;
}
