/** Activations, which Keras writes as a setting of another layer or as a layer of their own. */
import { shown } from "../../errors.ts";
import type { GraphLayer } from "../checkpoint.ts";
import { isObject, type Json, type JsonObject, numberOf, property, textOf } from "./config.ts";

/** Keras 2 calls a leaky ReLU's slope `alpha`, and its layer has 0.3 if not said; the function of Keras 3 has 0.2. */
const LAYER_SLOPE = 0.3;
const FUNCTION_SLOPE = 0.2;

/** @param name of the layer that has it @returns none for a linear one */
export function activationLayers(name: string, activation: Json | undefined): readonly GraphLayer[] {
  if (activation === undefined || activation === null) return [];
  const word = wordOf(activation);
  const own = `${name}/${word}`.slice(0, 200);
  const config = property(activation, "config");
  const settings = isObject(config) ? config : {};
  switch (word) {
    case "linear":
      return [];
    case "relu":
    case "tanh":
    case "sigmoid":
    case "softmax":
      return [{ kind: word, name: own }];
    case "leaky_relu":
      return [{ kind: "leaky", name: own, slope: leakySlope(settings) ?? FUNCTION_SLOPE }];
    case "LeakyReLU":
      return [{ kind: "leaky", name: own, slope: leakySlope(settings) ?? LAYER_SLOPE }];
    case "ReLU":
      return [rectified(own, settings)];
    case "Softmax":
      return [{ kind: "softmax", name: own }];
    default:
      return [{ kind: "other", name: own, what: `the activation ${shown(word)}` }];
  }
}

/** A word, or an object that names a function or a layer. */
function wordOf(activation: Json): string {
  const word = textOf(activation);
  if (word !== undefined) return word;
  const className = textOf(property(activation, "class_name"));
  const config = property(activation, "config");
  if (className !== "function" && className !== undefined) return className;
  return textOf(config) ?? textOf(property(config, "name")) ?? "of its own";
}

function leakySlope(config: JsonObject): number | undefined {
  return numberOf(property(config, "negative_slope")) ?? numberOf(property(config, "alpha"));
}

/** Keras' ReLU layer may be cut off above, leak below, or begin elsewhere. */
function rectified(name: string, config: JsonObject): GraphLayer {
  const most = property(config, "max_value");
  const threshold = numberOf(property(config, "threshold")) ?? 0;
  if (typeof most === "number") return { kind: "other", name, what: `a ReLU that is cut off at ${most}` };
  if (threshold !== 0) return { kind: "other", name, what: `a ReLU that begins at ${threshold}` };
  const slope = leakySlope(config) ?? 0;
  return slope === 0 ? { kind: "relu", name } : { kind: "leaky", name, slope };
}
