/** Chainer's archives: links in any order, and networks without a head. */
import { zipSync } from "fflate";
import { expect, test } from "vitest";
import { openModel } from "../../../src/model/model.ts";
import { bytesSource } from "../../../src/model/source.ts";

/** A .npy file of version 1 that counts up. */
function npy(shape: readonly number[]): Uint8Array {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(", ")},), }`;
  const header = text.padEnd(117 - 10 + 10, " ").concat("\n");
  const numbers = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i / 100);
  const head = Buffer.from(
    `\x93NUMPY\x01\x00${String.fromCharCode(header.length & 255, header.length >> 8)}${header}`,
    "latin1",
  );
  return Buffer.concat([head, new Uint8Array(numbers.buffer)]);
}

const WIDTHS = [4, 4, 5, 3];

function archive(prefix: string): Uint8Array {
  const members: [string, Uint8Array][] = WIDTHS.flatMap((width, i): [string, Uint8Array][] => [
    [`${prefix}conv${i + 9}/W.npy`, npy([width, WIDTHS[i - 1] ?? 3, 3, 3])],
    [`${prefix}conv${i + 9}/b.npy`, npy([width])],
  ]);
  // In the order of no execution, and conv10 before conv9.
  return zipSync(Object.fromEntries(members.sort(([a], [b]) => (a < b ? 1 : -1))), { level: 9 });
}

test.each(["", "predictor/", "updater/model:main/predictor/"])(
  "links under %j come by their numbers",
  async (prefix) => {
    const source = bytesSource("net.npz", archive(prefix));
    const model = await openModel(source, { preprocess: "unit" });
    expect(
      model.network.layers.flatMap((layer) => (layer.kind === "conv" ? [layer.outputChannels] : [])),
    ).toEqual(WIDTHS);
    expect(model.assumptions).toEqual(["ReLUs, no pools, padding 1"]);
    const said = { preprocess: "unit", padding: 0, layers: "conv conv conv conv leaky0.1" } as const;
    const told = await openModel(source, said);
    expect(told.assumptions).toEqual([]);
    expect(told.network.layers.slice(0, 2)).toEqual([
      { kind: "conv", name: "conv1_1", inputChannels: 3, outputChannels: 4, padding: 0 },
      { kind: "leaky", name: "relu1_1", slope: 0.1 },
    ]);
  },
);
