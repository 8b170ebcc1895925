/**
 * The backward pass of a plan: from the objective's seeds to the gradient of the network's input, through
 * the same two buffers. There are no weight gradients, so bits are all it needs of the forward pass.
 */
import type { Dispatch } from "../../gpu/dispatch.ts";
import { avgpoolBackward } from "../../nn/avgpool.ts";
import { correlation, variantOf } from "../../nn/conv3x3.ts";
import { linearBackwardInput } from "../../nn/linear.ts";
import { maxpoolBackward } from "../../nn/maxpool.ts";
import {
  clearRedirectFlags,
  type ReluRule,
  reluBackward,
  reluBackwardGuided,
  reluBackwardRedirect,
} from "../../nn/relu.ts";
import { gradcam } from "../../optvis/gradcam.ts";
import {
  activationBytes,
  bitsOf,
  convWorkspace,
  keptName,
  otherActivation,
  termsOf,
  type Walk,
} from "./forward.ts";
import { convShape, linearShape, type Step } from "./steps.ts";
import { convWeights, linearWeights } from "./weights.ts";

/** Buffer of the Grad-CAM, (N,1,H,W) at the size of the layer it is of. */
export const CAM = "gradcam";

/**
 * @param last buffer of the last activation, which `layer` terms on the last layer read
 * @param rule what ReLUs do to the gradient
 * @returns the dispatches, and the buffer in which the gradient of the network's input is found
 */
export function backwardPass(
  walk: Walk,
  last: string,
  rule: ReluRule,
): { dispatches: Dispatch[]; input: string } {
  const { batch } = walk;
  const dispatches: Dispatch[] = [];
  const end = walk.steps.length - 1;
  let gradient = otherActivation(walk, last, activationBytes(walk, (walk.steps[end] as Step).output));
  for (let i = end; i >= 0; i--) {
    const step = walk.steps[i] as Step;
    const activation = i === end ? last : keptName(step);
    for (const [t, { passes }] of termsOf(walk, step).entries()) {
      dispatches.push(...passes.backward(i < end || t > 0, { activation, gradient }));
    }
    if (step.name === walk.options.cam) dispatches.push(...camOf(walk, step, activation, gradient));
    const masked = i < end && fusesMask(walk, i, rule);
    if (step.fusedRelu && !masked) dispatches.push(...reluStepBackward(walk, step, gradient, rule));
    const result =
      step.layer.kind === "relu"
        ? gradient
        : otherActivation(walk, gradient, activationBytes(walk, step.input));
    dispatches.push(...stepBackward(walk, i, gradient, result, rule));
    gradient = result;
  }
  if (rule === "redirect" && dispatches.some((entry) => "alive" in entry.buffers)) {
    dispatches.unshift(clearRedirectFlags(walk.steps.length * batch, aliveBuffer(walk)));
  }
  return { dispatches, input: gradient };
}

/** Whether the convolution or max-pool after step i masks its result with step i's bits, so that step i need not. */
function fusesMask(walk: Walk, i: number, rule: ReluRule): boolean {
  const step = walk.steps[i];
  const next = walk.steps[i + 1];
  const hasRelu = step !== undefined && (step.fusedRelu !== undefined || step.layer.kind === "relu");
  if (!hasRelu || step.terms.length > 0 || step.name === walk.options.cam) return false;
  if (next?.layer.kind === "maxpool") return rule !== "redirect";
  if (next?.layer.kind !== "conv" || rule !== "plain") return false;
  const pass = correlation(convShape(walk.batch, next.layer, next), "backward_input");
  return variantOf(walk.options.convVariant(next.layer.name, "backward_input", pass)).fusesRelu;
}

function stepBackward(
  walk: Walk,
  i: number,
  outputGradient: string,
  inputGradient: string,
  rule: ReluRule,
): Dispatch[] {
  const { batch, memory, options } = walk;
  const step = walk.steps[i] as Step;
  const { layer } = step;
  const label = `${layer.name} backward`;
  const mask = i > 0 && fusesMask(walk, i - 1, rule) ? bitsOf(walk, walk.steps[i - 1] as Step) : undefined;
  switch (layer.kind) {
    case "conv": {
      const pass = correlation(convShape(batch, layer, step), "backward_input");
      const family = variantOf(options.convVariant(layer.name, "backward_input", pass));
      const weights = convWeights(memory, step, "backward_input", family);
      const workspace = convWorkspace(walk, family, pass);
      const buffers = { weights, input: outputGradient, output: inputGradient, mask, workspace };
      return family.backwardInput(label, pass, buffers);
    }
    case "relu":
      return fusesMask(walk, i, rule) ? [] : reluStepBackward(walk, step, outputGradient, rule);
    case "maxpool":
      return [
        maxpoolBackward(
          label,
          batch,
          step.input,
          { chosen: bitsOf(walk, step), outputGradient, inputGradient, mask },
          rule === "guided" ? "guided" : "plain",
        ),
      ];
    case "avgpool":
      return [avgpoolBackward(label, batch, step.input, layer.outputSize, { outputGradient, inputGradient })];
    case "linear":
      return linearWeights(memory, step, options.bindingLimit).map(({ slice, weights }) =>
        linearBackwardInput(label, linearShape(batch, step), slice, {
          weights,
          outputGradient,
          inputGradient,
        }),
      );
  }
}

/** The ReLU of a step, in place on the gradient. */
function reluStepBackward(walk: Walk, step: Step, gradient: string, rule: ReluRule): Dispatch[] {
  const label = `${step.name} backward`;
  const mask = bitsOf(walk, step);
  if (rule === "plain") return [reluBackward(label, walk.batch, step.output, { mask, gradient })];
  if (rule === "guided") return [reluBackwardGuided(label, walk.batch, step.output, { mask, gradient })];
  const flag = walk.steps.indexOf(step) * walk.batch;
  return reluBackwardRedirect(label, walk.batch, step.output, flag, {
    mask,
    gradient,
    alive: aliveBuffer(walk),
  });
}

/** Grad-CAM of a step, once the gradient behind it is whole. */
function camOf(walk: Walk, step: Step, activation: string, gradient: string): Dispatch[] {
  const { batch, memory } = walk;
  const { channels, height, width } = step.output;
  return gradcam(batch, step.output, {
    activation,
    gradient,
    alpha: memory.buffer("gradcam.weights", "workspace", 4 * batch * channels),
    cam: memory.buffer(CAM, "objective", 4 * batch * height * width),
  });
}

/** One flag a step and image: whether any gradient is left behind its ReLU. */
function aliveBuffer({ memory, steps, batch }: Walk): string {
  return memory.buffer("redirect.alive", "workspace", 4 * steps.length * batch);
}
