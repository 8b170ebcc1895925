/** A small network with named classes, and what its objectives are read as. */
import { describe, expect, test } from "vitest";
import { InputError } from "../../src/errors.ts";
import { inferNetwork } from "../../src/model/architecture.ts";
import type { Network } from "../../src/model/network.ts";
import { formatObjective, parseObjective } from "../../src/optvis/objective.ts";
import type { Term } from "../../src/optvis/term.ts";
import { featureShapes, withLinear } from "../model/checkpoints.ts";

const CLASSES = [
  "goldfish",
  "European fire salamander",
  "rock 'n' roll",
  "salt + pepper",
  "7",
  "Cardigan",
  "cardigan",
  'say "hi"',
  "twin",
  "twin",
];
const features = featureShapes([4, 8, "M", 16, "M"]);

/** Layers conv1_1 (4 channels), conv1_2 (8), conv2_1 (16), their ReLUs and pools, and logits (10). */
export const network: Network = inferNetwork(withLinear(features, "classifier", [CLASSES.length, 16]), {
  classes: JSON.stringify(CLASSES),
}).network;
export const headless: Network = inferNetwork(features, {}).network;

export const parse = (spec: string): readonly Term[] => parseObjective(spec, network).terms;

export function refusal(spec: string, net = network): InputError {
  try {
    parseObjective(spec, net);
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return error as InputError;
  }
  throw new Error(`${spec} was accepted`);
}

export type Reading = readonly [spec: string, term: Term];
export type Refusal = readonly [spec: string, message: RegExp, remedy: RegExp];

/** A spec is read as the term, and what the term is formatted as is, too. */
export function describeReading(name: string, readings: readonly Reading[]): void {
  describe(`${name} is read and written`, () => {
    test.each(readings)("%s", (spec, term) => {
      expect(parse(spec)).toEqual([term]);
      expect(parse(formatObjective({ terms: [term] }, network))).toEqual([term]);
    });
  });
}

/** What is subtracted from a channel is read as the term of the image. */
export function describePenalty(name: string, readings: readonly Reading[]): void {
  describe(`${name} is read and written`, () => {
    test.each(readings)("%s", (spec, term) => {
      const terms = parse(`channel:conv1_1:0 - ${spec}`);
      expect(terms[1]).toEqual(term);
      expect(parse(formatObjective({ terms }, network))).toEqual(terms);
    });
  });
}

export function describeRefusals(name: string, refusals: readonly Refusal[]): void {
  describe(`${name}: what is refused, and what is said`, () => {
    test.each(refusals)("%s", (spec, message, remedy) => {
      const error = refusal(spec);
      expect(error.message).toMatch(message);
      expect(error.remedy ?? "").toMatch(remedy);
      expect(error.message).not.toMatch(/\n/);
    });
  });
}
