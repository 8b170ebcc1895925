/** The variants that a person names for a network's convolutions, as text: `winograd4_8x8, conv1_1.forward=register`. */
import { InputError, shown } from "../../errors.ts";
import { type ConvPass, type ConvVariantName, convVariantNames } from "../../nn/conv3x3.ts";
import type { ConvolutionPass } from "./variants.ts";

const PASSES: Readonly<Record<string, readonly ConvPass[]>> = {
  "": ["forward", "backward_input"],
  forward: ["forward"],
  backward: ["backward_input"],
};

/**
 * Reads `VARIANT` for every layer, or `LAYER=VARIANT`, `LAYER.forward=VARIANT`, `LAYER.backward=VARIANT`,
 * separated by commas; later ones overrule earlier ones.
 * @param convolutions names of the network's, where they are known
 * @returns the variant named for a pass, or undefined where none is
 * @throws InputError for an unknown variant, pass or layer
 */
export function parseVariants(
  text: string,
  convolutions?: readonly string[],
): (layer: string, pass: ConvPass) => ConvVariantName | undefined {
  const named = new Map<string, ConvVariantName>();
  for (const part of text.split(",").map((one) => one.trim())) {
    const [, layer = "*", pass = "", name = ""] = /^(?:([\w*]+)(?:\.(\w+))?=)?(\w+)$/.exec(part) ?? [];
    const variant = convVariantNames.find((known) => known === name);
    const passes = PASSES[pass];
    if (!variant || !passes) {
      throw new InputError(
        `kernels: expected VARIANT or LAYER[.forward|.backward]=VARIANT, got ${shown(part)}`,
        {
          remedy: `variants: ${convVariantNames.join(" ")}`,
        },
      );
    }
    if (convolutions && layer !== "*" && !convolutions.includes(layer)) {
      throw new InputError(`kernels: the network has no convolution named ${layer.slice(0, 80)}`, {
        remedy: `there are ${convolutions.join(" ")}`,
      });
    }
    // A variant for every layer overrules what came before it for single ones.
    if (layer === "*")
      for (const key of [...named.keys()]) if (passes.some((p) => key.endsWith(` ${p}`))) named.delete(key);
    for (const one of passes) named.set(`${layer} ${one}`, variant);
  }
  return (layer, pass) => named.get(`${layer} ${pass}`) ?? named.get(`* ${pass}`);
}

/** A line for each pass, `LAYER.forward=VARIANT`, as `parseVariants` reads them when commas join them. */
export function formatVariants(passes: readonly ConvolutionPass[]): string[] {
  return passes.map(
    ({ layer, pass, variant }) => `${layer}.${pass === "forward" ? "forward" : "backward"}=${variant}`,
  );
}
