/**
 * 3×3 convolution, stride 1, zero padding 0 or 1. The backward pass to the input is the same convolution
 * of dy with flipped, transposed weights and padding 2 − p, so one family of kernels serves both ways.
 *
 * Families are interchangeable: each stands in a file of its own, under the name that its entry points end in.
 */
import type { ConvFamily } from "./conv3x3/family.ts";
import { half } from "./conv3x3/half.ts";
import { plain } from "./conv3x3/plain.ts";
import { register } from "./conv3x3/register.ts";
import { subgroup } from "./conv3x3/subgroup.ts";
import { workgroup } from "./conv3x3/workgroup.ts";

export type { ConvFamily } from "./conv3x3/family.ts";
export * from "./conv3x3/shape.ts";

const families = { plain, register, subgroup, workgroup, half } satisfies Readonly<
  Record<string, ConvFamily>
>;

/** Name of a family of convolution kernels. */
export type ConvVariant = keyof typeof families;
export const convVariants = Object.keys(families) as readonly ConvVariant[];

export function convFamily(variant: ConvVariant): ConvFamily {
  return families[variant];
}
