/** The same weights in every kind of file are the same network, bit for bit. */
import { describe, expect, test } from "vitest";
import { convertModel } from "../../src/model/convert.ts";
import { openModel } from "../../src/model/model.ts";
import type { Model } from "../../src/model/network.ts";
import { bytesSource } from "../../src/model/source.ts";
import { hasWeights } from "../../src/nn/registry.ts";
import { formatFixtures } from "../fixtures/formats.ts";

const [safetensors] = formatFixtures;
if (safetensors === undefined) throw new Error("no safetensors");

async function expectSame(model: Model): Promise<void> {
  const wanted = await safetensors?.openModel();
  if (wanted === undefined) return;
  expect(model.network).toEqual(wanted.network);
  for (const layer of wanted.network.layers.filter(hasWeights))
    expect(await model.layerWeights(layer)).toEqual(await wanted.layerWeights(layer));
}

describe.each(formatFixtures)("$name", ({ openModel: open }) => {
  test("gives the weights that the safetensors have", async () => expectSame(await open()));

  test("is the same network where it was converted", async () => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of convertModel(await open()).bytes()) chunks.push(chunk);
    await expectSame(await openModel(bytesSource("converted", Buffer.concat(chunks))));
  });
});
