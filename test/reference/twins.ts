/**
 * The float64 twin of every entry point in `shaders/`, under the entry point's name. Variants of a kernel
 * (`_register`) have one twin.
 */
import { optimizerStep } from "./optimizer.ts";
import { winogradInput, winogradMultiply, winogradPack } from "./winograd.ts";

export { affineBackward as affine_backward, affineForward as affine_forward } from "./affine.ts";
export {
  alignmentBackward as alignment_backward,
  alignmentForward as alignment_forward,
} from "./alignment.ts";
export {
  compositeBackward as composite_backward,
  compositeForward as composite_forward,
  opacityBackward as opacity_backward,
  opacityForward as opacity_forward,
} from "./alpha.ts";
export { avgPoolBackward as avgpool_backward, avgPoolForward as avgpool_forward } from "./avgpool.ts";
export {
  avgPool2x2Backward as avgpool2x2_backward,
  avgPool2x2Forward as avgpool2x2_forward,
} from "./avgpool2x2.ts";
export { blurColumns as blur_columns, blurRows as blur_rows } from "./blur.ts";
export {
  clipByContribution as clip_contribution,
  clipByNorm as clip_norm,
  clipSelect as clip_select,
  clipSmall as clip_small,
} from "./clip.ts";
export { colourBackward as colour_backward, colourForward as colour_forward } from "./colour.ts";
export { convBackwardInput as conv_backward_input, convForward as conv_forward } from "./conv.ts";
export {
  conv3x3BackwardInput as conv3x3_backward_input,
  conv3x3BackwardInput as conv3x3_backward_input_half,
  conv3x3BackwardInput as conv3x3_backward_input_register,
  conv3x3BackwardInput as conv3x3_backward_input_subgroup,
  conv3x3BackwardInput as conv3x3_backward_input_winograd2,
  conv3x3BackwardInput as conv3x3_backward_input_winograd4,
  conv3x3BackwardInput as conv3x3_backward_input_workgroup,
  conv3x3Forward as conv3x3_forward,
  conv3x3Forward as conv3x3_forward_half,
  conv3x3Forward as conv3x3_forward_register,
  conv3x3Forward as conv3x3_forward_subgroup,
  conv3x3Forward as conv3x3_forward_winograd2,
  conv3x3Forward as conv3x3_forward_winograd4,
  conv3x3Forward as conv3x3_forward_workgroup,
  conv3x3Forward as conv3x3_single,
} from "./conv3x3.ts";
export {
  conv3x3BackwardInputRelu as conv3x3_backward_input_relu_half,
  conv3x3BackwardInputRelu as conv3x3_backward_input_relu_register,
  conv3x3BackwardInputRelu as conv3x3_backward_input_relu_subgroup,
  conv3x3BackwardInputRelu as conv3x3_backward_input_relu_winograd2,
  conv3x3BackwardInputRelu as conv3x3_backward_input_relu_winograd4,
  conv3x3BackwardInputRelu as conv3x3_backward_input_relu_workgroup,
  conv3x3ForwardRelu as conv3x3_forward_relu_half,
  conv3x3ForwardRelu as conv3x3_forward_relu_register,
  conv3x3ForwardRelu as conv3x3_forward_relu_subgroup,
  conv3x3ForwardRelu as conv3x3_forward_relu_winograd2,
  conv3x3ForwardRelu as conv3x3_forward_relu_winograd4,
  conv3x3ForwardRelu as conv3x3_forward_relu_workgroup,
  conv3x3ForwardReluPool as conv3x3_forward_relu_pool,
  conv3x3ForwardReluPool as conv3x3_forward_relu_pool_half,
  conv3x3ForwardReluPool as conv3x3_forward_relu_pool_winograd2,
  conv3x3ForwardReluPool as conv3x3_forward_relu_pool_winograd4,
  conv3x3ForwardReluPool as conv3x3_forward_relu_pool_workgroup,
} from "./conv3x3-relu.ts";
export {
  cppnBackwardInput as cppn_backward_input,
  cppnBackwardWeights as cppn_backward_weights,
  cppnForward as cppn_forward,
} from "./cppn.ts";
export {
  directionBackward as direction_backward,
  directionForward as direction_forward,
} from "./direction.ts";
export { distanceBackward as distance_backward, distanceForward as distance_forward } from "./distance.ts";
export { enlarge } from "./enlarge.ts";
export {
  columnsBackward as fourier_columns_backward,
  columnsForward as fourier_columns_forward,
  rowsBackward as fourier_rows_backward,
  rowsForward as fourier_rows_forward,
} from "./fourier.ts";
export { gradcamMap as gradcam_map, gradcamWeights as gradcam_weights } from "./gradcam.ts";
export {
  diversityDifference as diversity_difference,
  diversityForward as diversity_forward,
  gramBackward as gram_backward,
  gramDifference as gram_difference,
  gramForward as gram_forward,
  gramNormalize as gram_normalize,
} from "./gram.ts";
export {
  packBackwardInputHalf as conv3x3_pack_backward_input_half,
  packForwardHalf as conv3x3_pack_forward_half,
  rangeOf as conv3x3_range_half,
} from "./half-range.ts";
export { jitterBackward as jitter_backward, jitterForward as jitter_forward } from "./jitter.ts";
export {
  leakyBackward as leaky_backward,
  leakyBackwardGuided as leaky_backward_guided,
  leakyForward as leaky_forward,
} from "./leaky.ts";
export {
  limitsCopy as limits_copy,
  limitsFma as limits_fma,
  limitsMatmul as limits_matmul,
} from "./limits.ts";
export { linearBackwardInput as linear_backward_input, linearForward as linear_forward } from "./linear.ts";
export {
  maxPoolBackward as maxpool_backward,
  maxPoolBackwardRelu as maxpool_backward_relu,
  maxPoolBackwardReluGuided as maxpool_backward_relu_guided,
  maxPoolForward as maxpool_forward,
  maxPoolForwardRelu as maxpool_forward_relu,
} from "./maxpool.ts";
export {
  l2Seed as l2_backward,
  l2Value as l2_forward,
  termSeed as seed_activation,
  termSeed as seed_constant,
} from "./objective.ts";
export { biasCorrections as advance } from "./optimizer.ts";
export {
  packBackwardInput as conv3x3_pack_backward_input,
  packForward as conv3x3_pack_forward,
} from "./pack.ts";
export {
  l1Backward as l1_backward,
  l1Forward as l1_forward,
  penaltyResidual as penalty_residual,
  residualBackward as residual_backward,
  residualForward as residual_forward,
  rootBackward as root_backward,
  rootForward as root_forward,
  variationBackward as variation_backward,
  variationForward as variation_forward,
} from "./penalty.ts";
export { phaseBackward as phase_backward, phaseForward as phase_forward } from "./phase.ts";
export {
  preprocessBackward as preprocess_backward,
  preprocessForward as preprocess_forward,
} from "./preprocess.ts";
export { presentPixels as present_fragment } from "./present.ts";
export { pyramidBackward as pyramid_backward, pyramidForward as pyramid_forward } from "./pyramid.ts";
export {
  reducePartials as reduce_partials,
  reduceTotal as reduce_total,
} from "./reduce.ts";
export {
  keepsGradient as relu_backward_detect,
  reluBackward as relu_backward,
  reluBackwardGuided as relu_backward_guided,
  reluBackwardRedirect as relu_backward_redirect,
  reluForward as relu_forward,
} from "./relu.ts";
export { resampleBackward as resample_backward, resampleForward as resample_forward } from "./resample.ts";
export { shareBackward as share_backward, shareForward as share_forward } from "./share.ts";
export {
  sigmoidForward as sigmoid_forward,
  smoothBackward as smooth_backward,
  tanhForward as tanh_forward,
} from "./smooth.ts";
export { standardizeStatistics as standardize_statistics } from "./standardize.ts";
export { windowBackward as window_backward, windowForward as window_forward } from "./window.ts";

export {
  grainAlone as grain_alone,
  grainBackward as grain_backward,
  grainForward as grain_forward,
  zoomBackward as zoom_backward,
  zoomForward as zoom_forward,
} from "./zoom.ts";

export const update_sgd = optimizerStep.bind(null, "sgd");
export const update_normalized = optimizerStep.bind(null, "normalized");
export const update_rms = optimizerStep.bind(null, "rms");
export const update_mean = optimizerStep.bind(null, "mean");
export const update_momentum = optimizerStep.bind(null, "momentum");
export const update_rmsprop = optimizerStep.bind(null, "rmsprop");
export const update_nadam = optimizerStep.bind(null, "nadam");
export const update_adam = optimizerStep.bind(null, "adam");

export const conv3x3_pack_forward_winograd2 = winogradPack.bind(null, 2, "forward");
export const conv3x3_pack_forward_winograd4 = winogradPack.bind(null, 4, "forward");
export const conv3x3_pack_backward_input_winograd2 = winogradPack.bind(null, 2, "backward_input");
export const conv3x3_pack_backward_input_winograd4 = winogradPack.bind(null, 4, "backward_input");
export const conv3x3_winograd2_input = winogradInput.bind(null, 2);
export const conv3x3_winograd4_input = winogradInput.bind(null, 4);
export {
  winogradMultiply as conv3x3_winograd_multiply_8x8,
  winogradMultiply as conv3x3_winograd_multiply_16x4,
  winogradMultiply as conv3x3_winograd_multiply_16x8,
  winogradMultiply as conv3x3_winograd_multiply_16x16,
};

/** All flags 0. */
export function clear_flags(flags: Uint32Array): Uint32Array {
  return new Uint32Array(flags.length);
}
