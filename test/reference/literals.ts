/**
 * Numbers other projects publish in their tests and documentation. Facts only; layouts are turned to NCHW and
 * OIHW. Both the float64 twins and the GPU kernels are held to them.
 */

/** `count` numbers from `first` to `last`, evenly spaced, as numpy.linspace. */
export function linspace(first: number, last: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first + ((last - first) * i) / (count - 1));
}

/**
 * Stanford CS231n, assignment 2, ConvolutionalNetworks notebook, "Convolution: naive forward pass":
 * x = linspace(−0.1, 0.5) as (2,3,4,4), w = linspace(−0.2, 0.3) as (3,3,4,4), b = linspace(−0.1, 0.2),
 * stride 2, padding 1; printed to eight decimals. {@link splitFilter4x4} makes 3×3 convolutions of it.
 */
export const CS231N_CONV = {
  input: linspace(-0.1, 0.5, 96),
  inputShape: [2, 3, 4, 4],
  weight: linspace(-0.2, 0.3, 144),
  weightShape: [3, 3, 4, 4],
  bias: linspace(-0.1, 0.2, 3),
  outputShape: [2, 3, 2, 2],
  output: [
    -0.08759809, -0.10987781, -0.18387192, -0.2109216, 0.21027089, 0.21661097, 0.22847626, 0.23004637,
    0.50813986, 0.54309974, 0.64082444, 0.67101435, -0.98053589, -1.03143541, -1.19128892, -1.24695841,
    0.69108355, 0.66880383, 0.59480972, 0.56776003, 2.36270298, 2.36904306, 2.38090835, 2.38247847,
  ],
} as const;

/**
 * A 4×4 filter of stride 2 and padding 1 is a sum of four 3×3 filters of stride 1 and padding 1: rows 0–2
 * read at output row 2i and row 3 (as the last row of a 3×3 filter) at row 2i+1, columns likewise.
 *
 * @param weight (K,C,4,4), flat
 * @returns for each (row, column) offset a filter (K,C,3,3) to be read at (2i + row, 2j + column)
 */
export function splitFilter4x4(
  weight: readonly number[],
): { readonly row: 0 | 1; readonly column: 0 | 1; readonly filter: Float64Array }[] {
  return ([0, 1] as const).flatMap((row) =>
    ([0, 1] as const).map((column) => ({ row, column, filter: partOfFilter(weight, row, column) })),
  );
}

function partOfFilter(weight: readonly number[], row: 0 | 1, column: 0 | 1): Float64Array {
  const filter = new Float64Array((weight.length / 16) * 9);
  for (let pair = 0; pair < weight.length / 16; pair++) {
    for (let p = row === 0 ? 0 : 2; p < 3; p++) {
      for (let q = column === 0 ? 0 : 2; q < 3; q++) {
        filter[pair * 9 + p * 3 + q] = weight[pair * 16 + (p + row) * 4 + q + column]!;
      }
    }
  }
  return filter;
}

/** The same notebook, "Max pooling: naive forward": x = linspace(−0.3, 0.4) as (2,3,4,4), 2×2, stride 2. */
export const CS231N_MAXPOOL = {
  input: linspace(-0.3, 0.4, 96),
  inputShape: [2, 3, 4, 4],
  outputShape: [2, 3, 2, 2],
  output: [
    -0.26315789, -0.24842105, -0.20421053, -0.18947368, -0.14526316, -0.13052632, -0.08631579, -0.07157895,
    -0.02736842, -0.01263158, 0.03157895, 0.04631579, 0.09052632, 0.10526316, 0.14947368, 0.16421053,
    0.20842105, 0.22315789, 0.26736842, 0.28210526, 0.32631579, 0.34105263, 0.38526316, 0.4,
  ],
} as const;

/**
 * ONNX backend node tests of ConvTranspose, whose output is the gradient of a convolution (padding 0) with
 * respect to its input, dy being its input (N,K,H,W) and its weight (K,C,3,3) ours.
 */
export const ONNX_CONV_TRANSPOSE = [
  {
    name: "test_convtranspose",
    outputGradient: [0, 1, 2, 3, 4, 5, 6, 7, 8],
    weight: new Array<number>(18).fill(1),
    inputChannels: 2,
    inputGradient: [
      0, 1, 3, 3, 2, 3, 8, 15, 12, 7, 9, 21, 36, 27, 15, 9, 20, 33, 24, 13, 6, 13, 21, 15, 8, 0, 1, 3, 3, 2,
      3, 8, 15, 12, 7, 9, 21, 36, 27, 15, 9, 20, 33, 24, 13, 6, 13, 21, 15, 8,
    ],
  },
  {
    // A 2×2 filter of dilation 2 is a 3×3 filter with zeros between.
    name: "test_convtranspose_dilations",
    outputGradient: [3, 8, 1, 9, 5, 7, 3, 2, 6],
    weight: [7, 0, 2, 0, 0, 0, 1, 0, 9],
    inputChannels: 1,
    inputGradient: [
      21, 56, 13, 16, 2, 63, 35, 67, 10, 14, 24, 22, 76, 76, 21, 9, 5, 88, 45, 63, 3, 2, 33, 18, 54,
    ],
  },
] as const;

/**
 * tfjs-core, conv2d_test.ts. Filters of 2×2 stand in the top left of 3×3 ones with zeros; the convolution
 * with padding 1 then has their output, shifted by one, in rows and columns 1 … n.
 */
export const TFJS_CONV = {
  /** "x=[3,3,2] f=[2,2,2,1] s=1 d=1 p=valid"; input and filter given there in NHWC and HWIO order. */
  forward: {
    inputShape: [1, 2, 3, 3],
    input: [1, 3, 5, 7, 9, 20, 40, 60, 80, 2, 4, 6, 8, 10, 30, 50, 70, 90],
    weight: [0.1, 0.3, 0, 0.5, 0.7, 0, 0, 0, 0, 0.2, 0.4, 0, 0.6, 0.8, 0, 0, 0, 0],
    outputShape: [1, 1, 2, 2],
    output: [25.6, 53.5, 157.0, 220.9],
  },
  /** "gradient x=[2,1,3,3] f=[2,2,1,1] s=1 p=0 NCHW", a filter of ones. */
  backward: {
    weight: [1, 1, 0, 1, 1, 0, 0, 0, 0],
    outputGradient: [3, 1, 2, 0, 3, 1, 2, 0],
    inputShape: [2, 1, 3, 3],
    inputGradient: [3, 4, 1, 5, 6, 1, 2, 2, 0, 3, 4, 1, 5, 6, 1, 2, 2, 0],
  },
} as const;

/** tfjs-core, max_pool_test.ts, 2×2 windows of stride 2: "gradient x=[4,4,1] f=[2,2] s=2" #1 and #2. */
export const TFJS_MAXPOOL = [
  {
    input: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
    output: [5, 7, 13, 15],
    outputGradient: [1, 2, 3, 4],
    inputGradient: [0, 0, 0, 0, 0, 1, 0, 2, 0, 0, 0, 0, 0, 3, 0, 4],
  },
  {
    input: [1, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 1],
    output: [2, 2, 2, 2],
    outputGradient: [1, 2, 3, 4],
    inputGradient: [0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 4, 0],
  },
] as const;

/** tfjs-core, avg_pool_test.ts. 3×3 in overlapping 2×2 windows of stride 1 is adaptive pooling to 2×2. */
export const TFJS_AVGPOOL = [
  {
    name: "x=[2,3,3,1] f=[2,2], s=1",
    inputShape: [2, 1, 3, 3],
    input: [1, 2, 3, 4, 5, 6, 7, 9, 8, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    output: [3, 4, 6.25, 7, 3, 4, 6, 7],
    outputGradient: [1, 2, 3, 4, 1, 2, 3, 4],
    inputGradient: [0.25, 0.75, 0.5, 1, 2.5, 1.5, 0.75, 1.75, 1, 0.25, 0.75, 0.5, 1, 2.5, 1.5, 0.75, 1.75, 1],
  },
  {
    name: "x=[4,4,1] f=[2,2] s=2",
    inputShape: [1, 1, 4, 4],
    input: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
    output: [2.5, 4.5, 10.5, 12.5],
  },
] as const;

/** tfjs-core, relu_test.ts, "basic" and "gradients: array". */
export const TFJS_RELU = {
  forward: { input: [1, -2, 0, 3, -0.1], output: [1, 0, 0, 3, 0] },
  backward: { input: [1, -1, 0, 0.1], outputGradient: [1, 2, 3, 4], inputGradient: [1, 0, 0, 4] },
} as const;

/** scipy.ndimage.gaussian_filter1d, its documentation's examples; σ = 4 reaches over the border three times. */
export const SCIPY_GAUSSIAN_1D = [
  { sigma: 1, input: [1, 2, 3, 4, 5], output: [1.42704095, 2.06782203, 3, 3.93217797, 4.57295905] },
  { sigma: 4, input: [1, 2, 3, 4, 5], output: [2.91948343, 2.95023502, 3, 3.04976498, 3.08051657] },
] as const;

/** scipy.ndimage.gaussian_filter, the example of its documentation: integers, cut to whole numbers. */
export const SCIPY_GAUSSIAN_2D = {
  sigma: 1,
  input: Array.from({ length: 25 }, (_, i) => 2 * i),
  truncatedOutput: [
    4, 6, 8, 9, 11, 10, 12, 14, 15, 17, 20, 22, 24, 25, 27, 29, 31, 33, 34, 36, 35, 37, 39, 40, 42,
  ],
} as const;

/**
 * Lucent, tests/optvis/test_transform.py: pad, random_scale and random_rotate. Every colour is alike there, so one plane
 * stands here. Scaling rounds the size up and pads with zeros, which for these numbers is what interpolation with a fill
 * of 0 gives; scaling up enlarges the image, which ours never does, so "random_scale_up" is left out, and so is padding
 * by reflection. A positive angle turns the other way from ours.
 */
export const LUCENT = {
  /** "pad_constant": ones in a border of one pixel of 0.5. */
  pad: {
    fill: 0.5,
    side: 2,
    input: [1, 1, 1, 1],
    output: [0.5, 0.5, 0.5, 0.5, 0.5, 1, 1, 0.5, 0.5, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.5],
  },
  /** "random_scale_down". */
  scale: { scale: 0.33, side: 3, input: [1, 1, 1, 1, 1, 1, 1, 1, 1], output: [0, 0, 0, 0, 1, 0, 0, 0, 0] },
  /** "random_rotate_even_size" and "random_rotate_odd_size", by 90°. */
  rotate: [
    { side: 2, input: [0, 1, 0, 1], output: [1, 1, 0, 0] },
    { side: 3, input: [0, 0, 1, 0, 0, 1, 0, 0, 1], output: [1, 1, 1, 0, 0, 0, 0, 0, 0] },
  ],
} as const;

/**
 * Xplique, tests/features_visualizations/test_regularizers.py, total variation and Lᵖ norms; the latter are of means,
 * ours of sums.
 */
export const XPLIQUE = {
  variation: { input: [0, 0, 0, 0, 2, 0, 0, 0, 1], value: 10 },
  norms: { input: [-4, 4], l1: 4, l2: 4 },
} as const;
