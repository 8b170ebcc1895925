/**
 * Networks that others published and that are known to open, for people who have none of their own. Addresses and names as
 * torchvision's `models/vgg.py`, timm's `models/vgg.py` and microsoft/robust-models-transfer have them.
 */
import type { Published } from "./published-config.ts";

export interface KnownNetwork {
  readonly name: string;
  /** https: or hf: */
  readonly address: string;
  /** For people, in a few words. */
  readonly what: string;
  /** Of the whole file, in MB: four bytes a parameter. Undefined where it was not found out. */
  readonly megabytes: number | undefined;
  readonly licence: string;
  readonly preprocess: "imagenet";
}

/** torchvision's file, and its parameters (`num_params` there). */
const VGGS: readonly (readonly [name: string, file: string, parameters: number])[] = [
  ["vgg11", "vgg11-8a719046.pth", 132_863_336],
  ["vgg11_bn", "vgg11_bn-6002323d.pth", 132_868_840],
  ["vgg13", "vgg13-19584684.pth", 133_047_848],
  ["vgg13_bn", "vgg13_bn-abd245e5.pth", 133_053_736],
  ["vgg16", "vgg16-397923af.pth", 138_357_544],
  ["vgg16_bn", "vgg16_bn-6c64b313.pth", 138_365_992],
  ["vgg19", "vgg19-dcbb9e9d.pth", 143_667_240],
  ["vgg19_bn", "vgg19_bn-c79401a0.pth", 143_678_248],
];

const described = (name: string): string =>
  `${name.replace("vgg", "VGG-").replace("_bn", " with batch norm")}, ImageNet's 1000 classes`;
const megabytes = (parameters: number): number => Math.round((4 * parameters) / 1e6);

export const knownNetworks: readonly KnownNetwork[] = [
  ...VGGS.map(
    ([name, file, parameters]): KnownNetwork => ({
      name,
      address: `https://download.pytorch.org/models/${file}`,
      what: `torchvision's ${described(name)}`,
      megabytes: megabytes(parameters),
      licence: "BSD-3-Clause",
      preprocess: "imagenet",
    }),
  ),
  ...VGGS.map(
    ([name, , parameters]): KnownNetwork => ({
      name: `timm-${name}`,
      address: `hf:timm/${name}.tv_in1k`,
      what: `the same weights as ${name}, as timm publishes them`,
      megabytes: megabytes(parameters),
      licence: "BSD-3-Clause",
      preprocess: "imagenet",
    }),
  ),
  {
    name: "vgg16_bn_l2_eps3",
    address: "hf:madrylab/robust-imagenet-models/vgg16_bn_l2_eps3.ckpt",
    what: "VGG-16 with batch norm, trained against attacks (L2, ε = 3): plain ascent draws its classes",
    megabytes: undefined,
    licence: "MIT",
    preprocess: "imagenet",
  },
];

export function knownNetwork(name: string): KnownNetwork | undefined {
  return knownNetworks.find((one) => one.name === name);
}

/** What is known of the network of this name or this very address, for `openModel`. */
export function knownOptions(nameOrAddress: string): Published {
  const known = knownNetworks.find(
    ({ name, address }) => name === nameOrAddress || address === nameOrAddress,
  );
  return known ? { preprocess: known.preprocess } : {};
}
