/** The classes that a network sees in a photograph, against PyTorch float64 and the float64 twin. */
import { classify } from "../../src/methods/classify.ts";
import { openModel } from "../../src/model/model.ts";
import type { Preprocess } from "../../src/model/network.ts";
import { bytesSource } from "../../src/model/source.ts";
import fixtures from "../fixtures/fools.json" with { type: "json" };
import { noiseImage } from "../fixtures/hashing.ts";
import { networkForward, referenceWeights } from "../reference/network.ts";
import { preprocessForward, subtractMean } from "../reference/preprocess.ts";
import { tensor } from "../reference/tensor.ts";
import type { Assets, GpuCase } from "../stacks/case.ts";
import { relativeL2 } from "../support/error.ts";
import { gpuOf } from "../support/gpu.ts";
import { tinyNetwork } from "../support/tiny-network.ts";

type Fixture = (typeof fixtures)[number];

/** As the objectives of gradients. */
const TOLERANCE = 1e-4;

/** `before` and `beforeScore` are PyTorch's, of the photograph. */
async function seesAsPyTorch(device: GPUDevice, assets: Assets, fixture: Fixture): Promise<void> {
  const { file, preprocess, padding, size, before, beforeScore } = fixture;
  const model = await openModel(bytesSource(file, await assets.read(file)), {
    preprocess: preprocess as Preprocess,
    padding: padding as 0 | 1,
  });
  const bytes = await assets.read(photoOf(fixture));
  const data = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  const expect = `${before}=${beforeScore}`;
  const { report, tensors } = await classify.run(gpuOf(device), model, {
    image: { shape: [1, 3, ...size], data },
    expect,
  });
  const [first] = report.top;
  if (first?.index !== before) throw new Error(`first is ${first?.index}, not ${before}`);
  if (!report.expected?.met) throw new Error(`expected ${expect}, got ${JSON.stringify(report.expected)}`);
  const weights = await referenceWeights(model);
  const u = subtractMean(tensor([1, 3, ...(size as [number, number])], data), model.preprocess);
  const net = preprocessForward(u, model.preprocess);
  const head = model.network.layers.at(-1)?.name ?? "";
  const twin = networkForward(model.network.layers, weights, net).outputs.get(head)?.data ?? [];
  const error = relativeL2(tensors.scores.data, twin);
  if (!(error < TOLERANCE)) throw new Error(`the scores are ${error} off`);
}

function photoOf({ photo, size }: Fixture): string {
  return `../shared/data/photos/${photo}.jpg?${size.join("x")}`;
}

async function ranks(device: GPUDevice): Promise<void> {
  const model = await tinyNetwork({ classes: 7 });
  const image = { shape: [1, 3, 9, 11], data: noiseImage(3, [1, 3, 9, 11]) };
  const run = (expect: string) => classify.run(gpuOf(device), model, { image, expect });
  const { report, tensors } = await run("");
  const scores = [...tensors.scores.data];
  const order = scores.map((_, i) => i).sort((a, b) => (scores[b] as number) - (scores[a] as number));
  const got = report.top.map(({ index }) => index);
  if (got.join() !== order.slice(0, 5).join()) throw new Error(`top are ${got}, scores ${scores}`);
  const sum = scores.reduce((total, score) => total + Math.exp(score), 0);
  for (const { score, probability } of report.top)
    if (Math.abs(probability - Math.exp(score) / sum) > 1e-12) throw new Error(`probability ${probability}`);
  const last = (await run(String(order[6]))).report.expected;
  if (last?.met !== false || last.class.rank !== 7) throw new Error(`last: ${JSON.stringify(last)}`);
  const top = scores[order[0] as number] as number;
  const near = (await run(top.toFixed(2))).report.expected;
  if (!near?.met || Math.abs(near.off ?? 1) > 0.005001) throw new Error(`near: ${JSON.stringify(near)}`);
  const far = (await run(`${order[0]}=${(top + 0.25).toFixed(3)}`)).report.expected;
  if (far?.met !== false || Math.abs((far.off ?? 0) + 0.25) > 0.001)
    throw new Error(`far: ${JSON.stringify(far)}`);
}

export const cases: readonly GpuCase[] = [
  ...fixtures.map((fixture) => ({
    name: `classify: ${fixture.name}`,
    once: fixture.file.includes("standin"),
    needs: [fixture.file, photoOf(fixture)],
    run: (device: GPUDevice, assets: Assets) => seesAsPyTorch(device, assets, fixture),
  })),
  { name: "classify ranks, and says how far an expectation is off", run: ranks },
];
