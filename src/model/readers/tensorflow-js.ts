/**
 * TensorFlow.js' `model.json`: the layers of a Keras model, and the numbers in files beside it, a group of tensors cut into
 * shards. @see https://www.tensorflow.org/js/guide/save_load
 */
import { shown, WeightsError } from "../../errors.ts";
import { type Beside, requireBeside } from "../beside.ts";
import type { Checkpoint } from "../checkpoint.ts";
import { kerasCheckpoint } from "../keras/checkpoint.ts";
import { type Json, parseModel, property, textOf } from "../keras/config.ts";
import { graphOfKeras } from "../keras/graph.ts";
import { tfjsTensors } from "../keras/tfjs-tensors.ts";
import type { ByteSource } from "../source.ts";
import { readManifest, type WeightGroup, type WeightSpec } from "./tensorflow-js-weights.ts";

/** @throws WeightsError */
export async function open(source: ByteSource, json: Json, beside: Beside): Promise<Checkpoint> {
  const where = source.name;
  const topology = property(json, "modelTopology");
  if (textOf(property(json, "format")) === "graph-model" || property(topology, "node") !== undefined) {
    throw new WeightsError(`${where}: expected the layers of a model, got TensorFlow.js' graph-model`, {
      remedy:
        "it lists operations and not layers; convert the Keras model into the format tfjs_layers_model, or to ONNX",
    });
  }
  const model = property(topology, "model_config") ?? topology;
  if (model === undefined || model === null) {
    throw new WeightsError(`${where}: modelTopology is missing, which says the layers`, {
      remedy: "save the whole network again: model.save(…)",
    });
  }
  const specs = readManifest(where, property(json, "weightsManifest"));
  const tensors = tfjsTensors(specs);
  const graph = graphOfKeras(parseModel(where, textOfJson(model)), tensors);
  const shards = new Shards(where, beside);
  // That the weights are there is told at once, and not by the first layer that is drawn.
  for (const group of new Set(specs.map((spec) => spec.group))) await shards.open(group, 0);
  const byName = new Map(specs.map((spec) => [spec.name, spec]));
  const version = textOf(property(topology, "keras_version"));
  const read = (name: string) => shards.read(byName.get(name) as WeightSpec);
  const checkpoint = kerasCheckpoint(source, "TensorFlow.js", tensors, graph, read, version);
  return {
    ...checkpoint,
    close() {
      checkpoint.close?.();
      shards.close();
    },
  };
}

function textOfJson(json: Json): string {
  return typeof json === "string" ? json : JSON.stringify(json);
}

/** Files that hold numbers, each opened when it is first needed. */
class Shards {
  readonly #where: string;
  readonly #beside: Beside;
  readonly #opened = new Map<string, Promise<ByteSource>>();

  constructor(where: string, beside: Beside) {
    this.#where = where;
    this.#beside = beside;
  }

  /** One of a group's files. @throws WeightsError that says its name where it is missing */
  open({ paths }: WeightGroup, place: number): Promise<ByteSource> {
    const path = paths[place] as string;
    const opened = this.#opened.get(path) ?? requireBeside(this.#where, this.#beside, path);
    this.#opened.set(path, opened);
    return opened;
  }

  /** A tensor's numbers, whose bytes may begin in one shard and end in another. */
  async read({ name, group, begin, bytes, decode }: WeightSpec): Promise<Float32Array<ArrayBuffer>> {
    const pieces: Uint8Array<ArrayBuffer>[] = [];
    const end = begin + bytes;
    let at = 0;
    for (let place = 0; place < group.paths.length && at < end; place++) {
      const shard = await this.open(group, place);
      const [from, to] = [Math.max(begin, at), Math.min(end, at + shard.size)];
      if (from < to) pieces.push(await shard.read(from - at, to - at));
      at += shard.size;
    }
    if (at < end) {
      throw new WeightsError(
        `${this.#where}: tensor ${shown(name)} ends at byte ${end} of its shards, which have ${at}`,
        { remedy: "shards are cut short or of another network; download all of them again" },
      );
    }
    return decode(joined(pieces, bytes));
  }

  close(): void {
    for (const opened of this.#opened.values())
      opened.then((shard) => shard.close?.()).catch(() => undefined);
  }
}

function joined(pieces: readonly Uint8Array<ArrayBuffer>[], bytes: number): Uint8Array<ArrayBuffer> {
  const [only] = pieces;
  if (only && pieces.length === 1) return only;
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
