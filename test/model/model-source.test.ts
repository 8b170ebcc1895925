/** Networks by address, from a server of this machine in the place of Hugging Face. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { InputError, WeightsError } from "../../src/errors.ts";
import { openModel } from "../../src/model/model.ts";
import { hubAddress, isAddress, type ModelSource, modelSource } from "../../src/model/model-source.ts";
import { publishedConfig } from "../../src/model/published-config.ts";
import { type Answer, ranged, site, startWebServer, type WebServer, whole } from "../support/web-server.ts";
import { checkpoint, featureShapes, timmHead, vggConfiguration } from "./checkpoints.ts";

let server: WebServer;
beforeEach(async () => {
  server = await startWebServer();
});
afterEach(() => server.close());

const open = (address: string): Promise<ModelSource> => modelSource(address, { hub: server.url });
const json = (value: unknown): Answer =>
  whole(new TextEncoder().encode(JSON.stringify(value)), { "content-type": "application/json" });
const paths = (): readonly (string | undefined)[] => server.requests.map(({ url }) => url);

async function refusal(work: Promise<unknown>): Promise<WeightsError> {
  const error: unknown = await work.then(
    () => "nothing was refused",
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(WeightsError);
  return error as WeightsError;
}

/** The keys of timm's config.json for its VGGs. */
const TIMM_CONFIG = {
  architecture: "vgg11",
  num_classes: 6,
  num_features: 8,
  label_names: ["a", "b", "c", "d", "e", "f"],
  pretrained_cfg: {
    tag: "tv_in1k",
    input_size: [3, 224, 224],
    mean: [0.485, 0.456, 0.406],
    std: [0.229, 0.224, 0.225],
    classifier: "head.fc",
  },
};
const small = checkpoint(timmHead(featureShapes(vggConfiguration(11, [4, 4, 4, 4, 4])), 4, 8, 6));

describe("addresses", () => {
  test("are told from paths", () => {
    expect(["https://a/b.pth", "hf:a/b", "HTTP://a"].every(isAddress)).toBe(true);
    expect(["a/b.pth", "C:\\x.pth", "./https:/x", "hf/x"].some(isAddress)).toBe(false);
  });

  test.each([
    ["hf:timm/vgg16.tv_in1k", "timm/vgg16.tv_in1k", "main", undefined],
    ["hf:o/n@v1.0", "o/n", "v1.0", undefined],
    ["hf:o/n/sub/net.pth", "o/n", "main", "sub/net.pth"],
    ["hf:o/n@0a1b/net.onnx", "o/n", "0a1b", "net.onnx"],
  ])("%s", (address, repository, revision, file) => {
    expect(hubAddress(address)).toEqual({ repository, revision, file });
  });

  test.each([
    "hf:",
    "hf:one",
    "hf:a/../b",
    "hf:a/b/../../c",
    "hf:a/b//c",
    "hf:a/b@x y",
    "hf:a/b\\c",
    "hf:a/b?x",
  ])("%s is refused", (address) => {
    expect(() => hubAddress(address)).toThrow(InputError);
  });
});

describe("Hugging Face", () => {
  test("timm's network opens by its name alone, with its preprocessing and its classes", async () => {
    server.answer = site({
      "timm/vgg11.tv_in1k/resolve/main/model.safetensors": ranged(small),
      "timm/vgg11.tv_in1k/resolve/main/config.json": json(TIMM_CONFIG),
    });
    const { source, beside, options, name } = await open("hf:timm/vgg11.tv_in1k");
    expect(name).toBe("hf:timm/vgg11.tv_in1k");
    const model = await openModel(source, { ...options, beside });
    expect(model.preprocess).toBe("imagenet");
    expect(model.network.classes).toEqual(TIMM_CONFIG.label_names);
    expect(paths()).toHaveLength(2);
  });

  test("other names are looked for, in the revision that was said", async () => {
    const at = "o/n/resolve/v2/";
    server.answer = site({ [`${at}pytorch_model.bin`]: ranged(small) });
    expect((await open("hf:o/n@v2")).url).toMatch(/pytorch_model\.bin$/);
    expect(paths()).toEqual(
      [
        "model.safetensors",
        "model.safetensors.index.json",
        "pytorch_model.bin",
        "config.json",
        "preprocessor_config.json",
      ].map((file) => `/${at}${file}`),
    );
  });

  test("what is not there, or not for everybody, is said in plain words", async () => {
    const none = await refusal(open("hf:o/n"));
    expect(none.message).toMatch(/^hf:o\/n: there is none of model\.safetensors/);
    expect((await refusal(open("hf:o/n/x.pth"))).message).toBe("hf:o/n/x.pth: there is no such file");
    const refuse = (status: number, code: string): void => {
      server.answer = (_, response) => response.writeHead(status, { "x-error-code": code }).end();
    };
    refuse(404, "RevisionNotFound");
    expect((await refusal(open("hf:o/n@x"))).message).toMatch(/no revision "x"/);
    refuse(401, "RepoNotFound");
    expect((await refusal(open("hf:o/n"))).message).toMatch(/there is no such network, or it is private/);
    refuse(401, "GatedRepo");
    const gated = await refusal(open("hf:o/n"));
    expect(gated.message).toMatch(/its owner lets only some people have it/);
    expect(gated.remedy).toMatch(/with your account/);
  });

  test("redirects to another host are followed, each range anew, as signed addresses expire", async () => {
    const store = await startWebServer(ranged(small, { etag: '"1"' }));
    let signed = 0;
    server.answer = site({
      "o/n/resolve/main/model.safetensors": (_, response) => {
        signed++;
        response
          .writeHead(302, { location: `${store.url}blob?X-Signature=${signed}`, "x-linked-etag": '"sha"' })
          .end();
      },
      "o/n/resolve/main/config.json": json(TIMM_CONFIG),
    });
    try {
      const { source } = await open("hf:o/n");
      expect(await source.read(0, small.length)).toEqual(new Uint8Array(small));
      expect(store.requests.map(({ url }) => url)).toContain("/blob?X-Signature=1");
      expect(source.name).not.toMatch(/Signature/);
    } finally {
      await store.close();
    }
  });
});

describe("what publishers write", () => {
  test.each([
    [
      "timm, older",
      { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
      undefined,
      "mean=0.5,0.5,0.5;std=0.5,0.5,0.5",
    ],
    ["a processor", {}, { image_mean: [0.485, 0.456, 0.406], image_std: [0.229, 0.224, 0.225] }, "imagenet"],
    [
      "one that does not rescale",
      {},
      { do_rescale: false, image_mean: [127.5, 127.5, 127.5], image_std: [127.5, 127.5, 127.5] },
      "mean=0.5,0.5,0.5;std=0.5,0.5,0.5",
    ],
    ["one that only rescales", {}, { do_normalize: false }, "unit"],
    [
      "BGR",
      {},
      { do_flip_channel_order: true, image_mean: [0.1, 0.2, 0.3], image_std: [1, 1, 1] },
      "mean=0.1,0.2,0.3;std=1,1,1;order=bgr",
    ],
    ["nothing", {}, {}, undefined],
    ["what is not as it should be", { mean: "x", pretrained_cfg: null }, { image_mean: [1, 2] }, undefined],
    ["no object", [1], "text", undefined],
    ["a factor that is no number", {}, { rescale_factor: { toString: 1 }, do_normalize: false }, undefined],
  ])("%s", (_, config, processor, preprocess) => {
    expect(publishedConfig(config, processor).preprocess).toBe(preprocess);
  });

  test("classes by id2label, but not those that nobody named", () => {
    expect(publishedConfig({ id2label: { 0: "cat", 1: "dog" } }, undefined).classes).toEqual(["cat", "dog"]);
    expect(publishedConfig({ id2label: { 0: "LABEL_0", 1: "LABEL_1" } }, undefined).classes).toBeUndefined();
    expect(publishedConfig({ id2label: { 0: "cat", 2: "dog" } }, undefined).classes).toBeUndefined();
  });

  test("as many classes as the network has outputs", async () => {
    const source = { name: "x", size: small.length, read: async (a: number, b: number) => small.slice(a, b) };
    await expect(openModel(source, { preprocess: "unit", classes: ["a"] })).rejects.toThrow(
      /classes: expected 6 names/,
    );
  });
});
