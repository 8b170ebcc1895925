/**
 * The variants of the 3×3 convolution, stride 1, zero padding 0 or 1. A variant is a set of kernels, under the name that
 * their entry points end in. All variants compute the same convolution, so any may run any pass.
 *
 * The backward pass to the input is the same convolution of dy with flipped, transposed weights and padding 2 − p. So the
 * kernels of one variant serve both ways.
 */
import { half } from "./conv3x3/half.ts";
import { plain } from "./conv3x3/plain.ts";
import { register } from "./conv3x3/register.ts";
import type { ConvPass, Correlation } from "./conv3x3/shape.ts";
import { single } from "./conv3x3/single.ts";
import { subgroup } from "./conv3x3/subgroup.ts";
import type { ConvVariant } from "./conv3x3/variant.ts";
import { winograd } from "./conv3x3/winograd.ts";
import { workgroup } from "./conv3x3/workgroup.ts";

export * from "./conv3x3/shape.ts";
export { type ConvVariant, OVERFLOW } from "./conv3x3/variant.ts";

const variants = {
  plain,
  register,
  single,
  subgroup,
  workgroup,
  half,
  winograd2_8x8: winograd(2, "8x8"),
  winograd2_16x4: winograd(2, "16x4"),
  winograd2_16x8: winograd(2, "16x8"),
  winograd2_16x16: winograd(2, "16x16"),
  winograd4_8x8: winograd(4, "8x8"),
  winograd4_16x4: winograd(4, "16x4"),
  winograd4_16x8: winograd(4, "16x8"),
  winograd4_16x16: winograd(4, "16x16"),
} satisfies Readonly<Record<string, ConvVariant>>;

export type ConvVariantName = keyof typeof variants;
export const convVariantNames = Object.keys(variants) as readonly ConvVariantName[];

/** Which variant runs a pass of a convolution. */
export type ChooseVariant = (layer: string, pass: ConvPass, correlation: Correlation) => ConvVariantName;

export function variantOf(name: ConvVariantName): ConvVariant {
  return variants[name];
}
