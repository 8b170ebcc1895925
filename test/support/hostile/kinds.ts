/** The kinds of hostile file: how one is made of a number, and how it is read. A new reader is one row. */
import { openHdf5 } from "../../../src/model/hdf5/file.ts";
import { openModel } from "../../../src/model/model.ts";
import { openCheckpoint } from "../../../src/model/readers/open-checkpoint.ts";
import { type ByteSource, bytesSource } from "../../../src/model/source.ts";
import { hasWeights } from "../../../src/nn/registry.ts";
import { rawSafetensors } from "../../model/checkpoints.ts";
import { hostileHdf5, writeKeras } from "./hdf5.ts";
import { deepJson, wrongJsonText } from "./json.ts";
import { expectTyped, type HostileFile, type Kind, type Outcome } from "./kind.ts";
import { damaged, joined } from "./mutate.ts";
import { hostilePickle } from "./pickles.ts";
import { pictureKinds } from "./pictures.ts";
import { placeKinds } from "./places.ts";
import { hostileOnnx, wrongMessage } from "./protobufs.ts";
import { type Random, someName, someSize } from "./random.ts";
import type { Seeds } from "./seeds.ts";
import { textKinds } from "./texts.ts";
import { deflateBomb, type Member, npyFile, writeZip } from "./zips.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** As people open it, then every tensor that it lists and the weights of every layer. */
async function readModel({ name, bytes, beside = {} }: HostileFile, phase: () => void): Promise<Outcome> {
  const source = (): ByteSource => bytesSource(name, bytes);
  const find = async (other: string): Promise<ByteSource | undefined> =>
    Object.hasOwn(beside, other) ? bytesSource(other, beside[other] as Uint8Array) : undefined;
  let outcome: Outcome = "refused";
  const tried = async (work: () => Promise<void>): Promise<void> => {
    phase();
    try {
      await work();
    } catch (error) {
      expectTyped(error);
    }
  };
  await tried(async () => {
    const model = await openModel(source(), { preprocess: "unit", beside: find });
    outcome = "opened";
    for (const layer of model.network.layers.filter(hasWeights))
      await tried(async () => void (await model.layerWeights(layer)));
    model.close?.();
  });
  await tried(async () => {
    const checkpoint = await openCheckpoint(source(), find);
    if (outcome === "refused") outcome = "listed";
    for (const [tensor, { shape }] of checkpoint.tensors) {
      await tried(async () => void (await checkpoint.read(tensor)));
      const [rows = 0] = shape;
      const last = checkpoint.readRows?.bind(checkpoint, tensor, rows - 1, rows);
      if (rows > 0 && last) await tried(async () => void (await last()));
    }
  });
  return outcome;
}

const readers = (make: Kind["make"]): Kind => ({ make, read: readModel });

/** Members of an archive, one of them damaged now and then; then the archive itself. */
function archive(random: Random, members: readonly Member[]): Uint8Array {
  const own = members.map(({ name, data }) => ({
    name,
    data: random.chance(0.15) ? damaged(random, data) : data,
  }));
  const zip = writeZip(random, own, random.pick([0, 0, 0.01, 0.05]));
  return random.chance(0.2) ? damaged(random, zip) : zip;
}

function written(random: Random, { written: all }: Seeds, names: RegExp): Uint8Array {
  return random.pick([...all].filter(([name]) => names.test(name)))[1];
}

/** A header of its own, and how many bytes its tensors take. */
function safetensorsHeader(random: Random): { readonly header: string; readonly bytes: number } {
  let end = 0;
  const entries = random.list(random.chance(0.01) ? 20_000 : 8, (i) => {
    const shape = random.list(4, () =>
      random.chance(0.95) ? 1 + random.below(4) : Math.abs(someSize(random)),
    );
    const dtype = random.pick(Object.keys(BYTES));
    const begin = random.chance(0.97) ? end : someSize(random);
    end += shape.reduce((a, b) => a * b, BYTES[dtype] ?? 1);
    const name = random.chance(0.7) ? `features.${i}.weight` : someName(random);
    return `${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [begin, end] })}`;
  });
  return { header: `{${entries.join()}}`, bytes: Math.min(end, 1 << 16) || 0 };
}

const BYTES: Readonly<Record<string, number>> = {
  ...{ F32: 4, F16: 2, BF16: 2, F64: 8, I64: 8, F8_E4M3: 1, BOOL: 1, constructor: 4 },
};

/** With a list of layers in its metadata, and other words that metadata may have. */
function withLayers(random: Random, header: object): object {
  const layers = [
    { kind: "conv", weight: "features.0.weight", bias: "features.0.bias", padding: 1 },
    { kind: "batchnorm", mean: "features.1.running_mean", variance: "features.1.running_var" },
    ...random.list(4, () => ({
      kind: random.pick(LAYER_KINDS),
      slope: 0.1,
      side: random.pick([1, 2, 7]),
      kernel: 2,
    })),
    { kind: "flatten" },
    { kind: "dense", weight: "classifier.weight", bias: "classifier.bias" },
  ];
  const text = wrongJsonText(random, layers);
  const more = random.list(2, () => [
    random.pick(METADATA),
    random.pick(["1", "0", "chw", "x", "1e-3", "[0.5]", ""]),
  ]);
  const metadata = { preprocess: "unit", "ascent.layers": text, ...Object.fromEntries(more) };
  return { ...header, __metadata__: metadata };
}

const LAYER_KINDS =
  "relu leaky tanh sigmoid softmax maxpool avgpool globalavgpool adaptiveavgpool dropout x".split(" ");
const METADATA = "padding epsilon flatten layers classes mean std preprocess ascent.assumed".split(" ");

const npz = readers((random, seeds) => {
  if (random.chance(0.3)) return { name: "file", bytes: damaged(random, written(random, seeds, /npz/)) };
  const names = ["features.0.weight", "features.0.bias", "conv1_1_W", "predictor/conv1_1/W", "a/b"];
  const members = random.list(random.chance(0.005) ? 5000 : 6, (i) => ({
    name: `${random.chance(0.8) ? `${random.pick(names)}${i === 0 ? "" : i}` : someName(random)}.npy`,
    data: random.chance(0.01) ? deflateBomb(random, npyFile(random)) : npyFile(random),
  }));
  return { name: "file", bytes: archive(random, members) };
});

/** All kinds, by the word for `npm run test:soak`. */
export const kinds = {
  safetensors: readers((random, { safetensors }) => {
    const length = Number(new DataView(safetensors.buffer).getBigUint64(0, true));
    if (random.chance(0.4)) return { name: "file", bytes: damaged(random, safetensors) };
    const header = JSON.parse(new TextDecoder().decode(safetensors.subarray(8, 8 + length))) as object;
    const data = random.chance(0.9) ? safetensors.subarray(8 + length) : random.below(4096);
    const claimed = random.chance(0.05) ? BigInt(random.bits()) : undefined;
    const file = (own: string, bytes = data): HostileFile => ({
      name: "file",
      bytes: rawSafetensors(own, bytes, claimed),
    });
    if (random.chance(0.3)) return file(JSON.stringify(withLayers(random, header)));
    if (random.chance(0.4)) return file(wrongJsonText(random, header));
    const own = safetensorsHeader(random);
    return random.chance(0.05) ? file(deepJson(random)) : file(own.header, own.bytes);
  }),
  "torch-zip": readers((random, seeds) => {
    if (random.chance(0.3))
      return { name: "file", bytes: damaged(random, written(random, seeds, /^(zip|checkpoint|module)/)) };
    const stored = [0, 1, 2].map((key) => ({
      name: `x/data/${key}`,
      data: random.bytes(random.pick([0, 16, 256])),
    }));
    const order = random.chance(0.1)
      ? [{ name: "x/byteorder", data: text(random.pick(["little", "big", ""])) }]
      : [];
    const bomb = random.chance(0.005)
      ? [{ name: "x/data/3", data: deflateBomb(random, new Uint8Array()) }]
      : [];
    return {
      name: "file",
      bytes: archive(random, [
        { name: "x/data.pkl", data: hostilePickle(random) },
        ...stored,
        ...order,
        ...bomb,
      ]),
    };
  }),
  "torch-legacy": readers((random, seeds) => {
    if (random.chance(0.4))
      return { name: "file", bytes: damaged(random, written(random, seeds, /^(legacy|pickle)/)) };
    if (random.chance(0.3)) return { name: "file", bytes: hostilePickle(random) };
    const magic = Uint8Array.of(
      0x80,
      2,
      0x8a,
      10,
      0x6c,
      0xfc,
      0x9c,
      0x46,
      0xf9,
      0x20,
      0x6a,
      0xa8,
      0x50,
      0x19,
      0x2e,
    );
    const version = Uint8Array.of(0x80, 2, 0x4d, 0xe9, 3, 0x2e);
    const machine = random.chance(0.8) ? Uint8Array.of(0x80, 2, 0x7d, 0x2e) : hostilePickle(random);
    const keys = random.chance(0.9)
      ? joined(
          Uint8Array.of(0x80, 2, 0x5d, 0x28),
          ...random.list(4, (i) => Uint8Array.of(0x55, 1, 0x30 + i)),
          Uint8Array.of(0x65, 0x2e),
        )
      : hostilePickle(random);
    const storages = random.list(4, () =>
      joined(Uint8Array.of(random.below(65), 0, 0, 0, 0, 0, 0, 0), new Uint8Array(256)),
    );
    return { name: "file", bytes: joined(magic, version, machine, hostilePickle(random), keys, ...storages) };
  }),
  npz,
  "keras-h5": readers((random, seeds) => {
    if (random.chance(0.5))
      return { name: "file", bytes: damaged(random, random.pick(seeds.h5), random.pick(seeds.h5), 8) };
    if (random.chance(0.2)) return { name: "file", bytes: hostileHdf5(random) };
    const net = random.pick(seeds.nets);
    return {
      name: "file",
      bytes: writeKeras(random, net, wrongJsonText(random, net.config).slice(0, 60_000)),
    };
  }),
  "keras-zip": readers((random, { keras }) => {
    const members = Object.entries(keras).map(([name, data]) => {
      if (!name.endsWith(".json") || random.chance(0.3)) return { name, data };
      return { name, data: text(wrongJsonText(random, JSON.parse(new TextDecoder().decode(data)))) };
    });
    const own = random.chance(0.1)
      ? members.map((member) =>
          member.name.endsWith(".h5") ? { ...member, data: hostileHdf5(random) } : member,
        )
      : members;
    return { name: "file", bytes: archive(random, own) };
  }),
  hdf5: {
    make: (random, seeds) => ({
      name: "file",
      bytes: random.chance(0.5)
        ? hostileHdf5(random)
        : damaged(random, random.pick(seeds.h5), random.pick(seeds.h5), 8),
    }),
    async read({ name, bytes }, phase) {
      const file = await openHdf5(bytesSource(name, bytes)).catch(expectTyped);
      if (file === undefined) return "refused";
      for (const path of file.datasets.keys()) {
        phase();
        await file.read(path).catch(expectTyped);
      }
      for (const path of [...file.groups].slice(0, 50)) {
        phase();
        for (const attribute of ["layer_names", "weight_names"])
          await file.texts(path, attribute).catch(expectTyped);
      }
      return "listed";
    },
  },
  onnx: readers((random, { onnx }) => {
    const good = random.pick(onnx);
    const how = random.below(5);
    if (how === 0) return { name: "file", bytes: damaged(random, good, random.pick(onnx), 4) };
    return { name: "file", bytes: how < 3 ? wrongMessage(random, good) : hostileOnnx(random) };
  }),
  shards: readers((random, { safetensors }) => {
    const [one, two] = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
    const map = Object.fromEntries(
      random.list(6, (i) => [`features.${i}.weight`, random.pick([one, two, someName(random)])]),
    );
    const index = text(wrongJsonText(random, { metadata: { total_size: 9 }, weight_map: map }));
    const files = {
      [one]: safetensors,
      [two]: random.chance(0.5) ? damaged(random, safetensors) : safetensors,
    };
    if (random.chance(0.3)) {
      const count = random.pick(["00002", "99999", "00000", "1e999"]);
      return {
        name: `model-00001-of-${count}.safetensors`,
        bytes: safetensors,
        beside: random.chance(0.5) ? files : { ...files, "model.safetensors.index.json": index },
      };
    }
    return { name: "model.safetensors.index.json", bytes: index, beside: files };
  }),
  "tensorflow-js": readers((random, { tensorflow }) => {
    const index = random.pick(["model.json", "quantized.json"]);
    const good = JSON.parse(new TextDecoder().decode(tensorflow[index])) as TensorFlowJson;
    const beside = Object.fromEntries(
      Object.entries(tensorflow).flatMap(([name, data]) =>
        random.chance(0.05) ? [] : [[name, random.chance(0.1) ? damaged(random, data) : data]],
      ),
    );
    const [group] = good.weightsManifest;
    if (random.chance(0.1))
      group?.paths.push(...random.list(999, () => random.pick(Object.keys(tensorflow))));
    const weights = group?.weights ?? [];
    for (const weight of weights.filter(() => random.chance(0.05))) {
      weight.shape = random.list(5, () => Math.abs(someSize(random)));
      if (random.chance(0.3)) weight.shape = [random.pick([1 << 20, 1 << 22, 1 << 24])];
      weight.dtype = random.pick(["float32", "float16", "int32", "uint8", "string", "constructor"]);
    }
    // Weights alone are changed by the lines above, the whole by these.
    const whole = random.chance(0.5);
    return { name: index, bytes: text(whole ? wrongJsonText(random, good) : JSON.stringify(good)), beside };
  }),
  ...pictureKinds,
  ...placeKinds,
  ...textKinds,
} satisfies Record<string, Kind>;

interface TensorFlowJson {
  readonly weightsManifest: readonly {
    readonly paths: string[];
    readonly weights: { shape: number[]; dtype: string }[];
  }[];
}

export type KindName = keyof typeof kinds;

export const kindNames = Object.keys(kinds) as readonly KindName[];
