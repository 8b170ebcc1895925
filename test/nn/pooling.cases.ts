/** Max-pools fused with what is before them, in whole plans: to the bit what the same kernels make one after the other. */

import { createAscent } from "../../src/engine/run/ascent.ts";
import { openModel } from "../../src/model/model.ts";
import { type ConvVariantName, variantOf } from "../../src/nn/conv3x3.ts";
import { defaultRecipe } from "../../src/optvis/recipe.ts";
import { randomNetwork } from "../fixtures/random-network.ts";
import type { GpuCase } from "../stacks/case.ts";
import { expectExact, noise } from "../support/compare.ts";
import { gpuOf } from "../support/gpu.ts";

/** Sizes whose pools lose rows and columns. */
const SIZE = [37, 46] as const;
/** Large enough for Winograd's kernels to go through the image in several bands. */
const BANDS_SIZE = [101, 150] as const;
const BATCH = 2;
const FUSED = "channel:conv3_1:3";
/** Terms that weigh nothing read what comes before a ReLU, so that its convolution does not compute it. */
const RELUS_APART = "0*channel:conv1_2:0 + 0*channel:conv2_2:1";
/** The same before each pool, so that it is written and its mask applied apart. */
const POOLS_APART = "0*channel:relu1_2:0 + 0*channel:relu2_2:1";

interface Asked {
  readonly variant: ConvVariantName;
  /** Whether the pools are fused with the ReLUs alone. */
  readonly relusApart?: boolean;
  readonly guided: boolean;
  readonly size: readonly [height: number, width: number];
}

async function made(device: GPUDevice, { variant, guided, size }: Asked, objective: string) {
  const model = await openModel(randomNetwork("vgg16", 1), { preprocess: "unit" });
  const recipe = { ...defaultRecipe, objective, size, batch: BATCH };
  const plan = { convVariant: () => variant, guided };
  const ascent = await createAscent(gpuOf(device), model, recipe, { plan });
  const { gradient } = await ascent.gradient(noise(7, BATCH * 3 * size[0] * size[1]));
  // The first iterations redirect the gradient.
  for (let i = 0; i < 3; i++) await ascent.step();
  const image = await ascent.readImage();
  const kernels = new Set(Object.keys(ascent.plan.kernels));
  ascent.dispose();
  return { gradient, image, kernels };
}

async function compare(device: GPUDevice, asked: Asked): Promise<void> {
  const objective = asked.relusApart ? `${FUSED} + ${RELUS_APART}` : FUSED;
  const fused = await made(device, asked, objective);
  const apart = await made(device, asked, `${objective} + ${POOLS_APART}`);
  const both = [fused, apart].map(({ kernels }) => kernels.has("maxpool_forward"));
  if (both[0] || !both[1]) throw new Error(`pools apart: ${both}`);
  expectExact("gradient", fused.gradient, apart.gradient);
  expectExact("image", fused.image, apart.image);
}

const asked: readonly Asked[] = [
  { variant: "single", relusApart: true, guided: false, size: SIZE },
  { variant: "single", relusApart: true, guided: true, size: SIZE },
  { variant: "plain", guided: false, size: SIZE },
  { variant: "workgroup", guided: false, size: SIZE },
  { variant: "half", guided: false, size: SIZE },
  { variant: "winograd2_8x8", guided: false, size: BANDS_SIZE },
  { variant: "winograd4_16x8", guided: false, size: BANDS_SIZE },
  { variant: "winograd4_16x8", guided: false, size: SIZE },
  { variant: "winograd4_16x8", guided: true, size: SIZE },
];

export const cases: readonly GpuCase[] = asked.map((one) => ({
  name: `max-pools fused, ${one.variant}${one.guided ? ", guided" : ""}, ${one.size.join("×")}: the gradient and three iterations are the same bits`,
  features: variantOf(one.variant).features,
  once: one.size === BANDS_SIZE || one.variant === "plain",
  run: (device) => compare(device, one),
}));
