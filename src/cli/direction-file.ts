/**
 * Directions that an objective takes from files, `direction:LAYER:@FILE`. The weights are written into the objective
 * before anything else happens, so that recipes and pictures hold all of it.
 */
import { extname } from "node:path";
import type { Command } from "commander";
import { InputError } from "../errors.ts";
import { parseBounded } from "../model/bounded-json.ts";
import type { Network } from "../model/network.ts";
import { formatShape, readHeader, readTensor } from "../model/safetensors.ts";
import { layerChannels } from "../model/shapes.ts";
import { bytesSource } from "../model/source.ts";
import { joinTerms, weighedTerms } from "../optvis/algebra.ts";
import { type DirectionFile, directionFile, directionSpec } from "../optvis/terms/direction-text.ts";
import { readInput } from "./files.ts";
import type { CommonFlags } from "./flags.ts";
import { weightsOf, withModel } from "./running.ts";

/** Channel by channel, or those that are not zero. */
type DirectionWeights = ArrayLike<number> | ReadonlyMap<number, number>;

/** For every command, before it acts: reads the files that its `--objective` names. */
export async function readDirections(_program: Command, command: Command): Promise<void> {
  const { objective, ...flags } = command.opts<CommonFlags & { readonly objective?: string }>();
  if (objective === undefined || !weighedTerms(objective)?.some(({ text }) => directionFile(text))) return;
  const weights = await weightsOf(flags);
  const spec = await withModel(weights, ({ network }) => withWeights(objective, network));
  command.setOptionValue("objective", spec);
}

/**
 * The objective with the weights in place of the files.
 * @throws InputError or WeightsError naming the file, what was expected and what is there
 */
export async function withWeights(objective: string, network: Network): Promise<string> {
  const terms = (weighedTerms(objective) ?? []).map(async ({ weight, text }) => {
    const file = directionFile(text);
    return { weight, text: file ? `${await specOf(file, network)}${file.rest}` : text };
  });
  return joinTerms(await Promise.all(terms));
}

async function specOf(file: DirectionFile, network: Network): Promise<string> {
  const channels = layerChannels(network, file.layer);
  const where = `--objective: ${file.path}`;
  const bytes = await readInput(file.path, "--objective");
  const weights = await readWeights(file, bytes, where);
  const fits =
    "length" in weights
      ? weights.length === channels
      : [...weights.keys()].every((channel) => channel < channels);
  const expected = `${file.layer} has ${channels} channels`;
  if (!fits && "length" in weights)
    throw new InputError(`${where}: ${expected}, got ${weights.length} weights`);
  if (!fits)
    throw new InputError(`${where}: ${expected}, 0 to ${channels - 1}, and the file has one beyond them`);
  return directionSpec(file.layer, weights, where);
}

/** @param bytes of the file @throws InputError or WeightsError that begins with `where` */
export function readWeights(
  file: DirectionFile,
  bytes: Uint8Array,
  where: string,
): Promise<DirectionWeights> | DirectionWeights {
  switch (extname(file.path).toLowerCase()) {
    case ".safetensors":
      return tensorIn(file, bytes, where);
    case ".json":
      return numbersIn(new TextDecoder().decode(bytes), where);
    default:
      throw new InputError(`${where}: expected a .safetensors or a .json`);
  }
}

async function tensorIn({ path, tensor }: DirectionFile, bytes: Uint8Array, where: string) {
  const source = bytesSource(where, bytes);
  const header = await readHeader(source);
  const names = [...header.tensors.keys()];
  if (tensor === undefined && names.length !== 1) {
    throw new InputError(`${where}: expected one tensor, got ${names.length}`, {
      remedy: `name one: @${path}#NAME; it has ${names.slice(0, 8).join(", ")}${names.length > 8 ? ", …" : ""}`,
    });
  }
  const { data, shape } = await readTensor(source, header, tensor ?? (names[0] as string));
  if (shape.length === 1) return data;
  throw new InputError(
    `${where}: expected a tensor of one axis, one weight a channel, got ${formatShape(shape)}`,
  );
}

/** `[w, …]`, one a channel, or `{"channel": w, …}`. */
function numbersIn(text: string, where: string): DirectionWeights {
  const json = parseJson(text, where);
  if (Array.isArray(json) && json.every((x) => typeof x === "number")) return json;
  const entries =
    typeof json === "object" && json !== null && !Array.isArray(json) ? Object.entries(json) : [];
  const isComponent = ([channel, x]: [string, unknown]) => /^\d{1,9}$/.test(channel) && typeof x === "number";
  if (entries.length > 0 && entries.every(isComponent)) {
    return new Map(entries.map(([channel, x]) => [Number(channel), x as number]));
  }
  throw new InputError(`${where}: expected an array of numbers, or an object of numbers by channel`, {
    remedy: 'for example [0.5, 0, -1] or {"0": 0.5, "2": -1}',
  });
}

function parseJson(text: string, where: string): unknown {
  try {
    return parseBounded(text);
  } catch (cause) {
    throw new InputError(`${where}: is not JSON: ${(cause as Error).message}`, { cause });
  }
}
