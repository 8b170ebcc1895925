/** Layers at a model's start that scale its pixels, which Keras takes as 0–255. */
import type { Scaling } from "../scaling.ts";
import { type Json, type KerasLayer, numberOf, property } from "./config.ts";

/** Undefined where the layer is of a kind that is not read. */
export function scaledBy(
  { className, config }: KerasLayer,
  before: Scaling = { scale: [255], offset: [0] },
): Scaling | undefined {
  const numbers = className === "Rescaling" ? rescaling : normalization;
  const [scale, offset] = numbers((key) => property(config, key)) ?? [];
  if (scale === undefined || offset === undefined) return undefined;
  const count = Math.max(before.scale.length, scale.length, offset.length);
  const at = (list: readonly number[], i: number): number => list[list.length === 1 ? 0 : i] ?? Number.NaN;
  const channels = Array.from({ length: count }, (_, i) => i);
  const scaling = {
    scale: channels.map((i) => at(before.scale, i) * at(scale, i)),
    offset: channels.map((i) => at(before.offset, i) * at(scale, i) + at(offset, i)),
  };
  const isUsable =
    [...scaling.scale, ...scaling.offset].every(Number.isFinite) && scaling.scale.every((n) => n !== 0);
  return isUsable && (count === 1 || count === 3) ? scaling : undefined;
}

type Get = (key: string) => Json | undefined;
type Numbers = readonly [scale: readonly number[], offset: readonly number[]];

function rescaling(get: Get): Numbers | undefined {
  const [scale, offset] = [listOf(get("scale")), listOf(get("offset") ?? 0)];
  return scale && offset ? [scale, offset] : undefined;
}

/** (x − mean)/√variance; where it was adapted to data, its numbers are weights, and are not read. */
function normalization(get: Get): Numbers | undefined {
  const [mean, variance] = [listOf(get("mean")), listOf(get("variance"))];
  if (!mean || !variance || get("invert") === true) return undefined;
  const length = Math.max(mean.length, variance.length);
  const deviation = Array.from({ length }, (_, i) =>
    Math.max(Math.sqrt(variance[variance.length === 1 ? 0 : i] ?? Number.NaN), 1e-7),
  );
  return [
    deviation.map((n) => 1 / n),
    deviation.map((n, i) => -(mean[mean.length === 1 ? 0 : i] ?? Number.NaN) / n),
  ];
}

/** One number, or as many as there are channels, however they are nested. */
function listOf(json: Json | undefined): readonly number[] | undefined {
  if (Array.isArray(json)) {
    const list = (json as readonly Json[]).slice(0, 16).map((one) => listOf(one));
    return list.every((one) => one !== undefined) ? list.flat() : undefined;
  }
  const number = numberOf(json);
  return number === undefined ? undefined : [number];
}
