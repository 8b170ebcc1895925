/** A convolution with the ReLU and the max-pool beside it, as kernels fuse them: twins in a row. */
import { conv3x3BackwardInput, conv3x3Forward } from "./conv3x3.ts";
import { type MaxPoolResult, maxPoolForwardRelu } from "./maxpool.ts";
import { reluBackward, reluForward } from "./relu.ts";
import type { Tensor } from "./tensor.ts";

/** The ReLU of a convolution's output. */
export function conv3x3ForwardRelu(...inputs: Parameters<typeof conv3x3Forward>): Tensor {
  return reluForward(conv3x3Forward(...inputs));
}

/** The max-pool of the ReLU of a convolution's output. */
export function conv3x3ForwardReluPool(...inputs: Parameters<typeof conv3x3Forward>): MaxPoolResult {
  return maxPoolForwardRelu(conv3x3Forward(...inputs));
}

/**
 * The gradient through a convolution and the ReLU before it.
 *
 * @param reluInput of that ReLU, (N,C,H,W)
 */
export function conv3x3BackwardInputRelu(
  reluInput: Tensor,
  ...inputs: Parameters<typeof conv3x3BackwardInput>
): Tensor {
  return reluBackward(conv3x3BackwardInput(...inputs), reluInput);
}
