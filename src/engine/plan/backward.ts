/**
 * The backward pass of a plan, from the objective's seeds to the gradient of the network's input. Each layer, from the last
 * to the first, first gets the gradients of the terms that read it, and then hands its gradient to the layer before it.
 * There are no weight gradients, so bits are all that layers need of the forward pass.
 */
import type { Dispatch } from "../../gpu/dispatch.ts";
import type { BackwardOptions, ReluRule } from "../../nn/layer.ts";
import { clearRedirectFlags } from "../../nn/layers/relu.ts";
import { layerKind } from "../../nn/registry.ts";
import { gradcam } from "../../optvis/gradcam.ts";
import type { Step } from "./steps.ts";
import { activationName, otherActivation, termsOf, type Walk } from "./walk.ts";

/** Buffer of the Grad-CAM, (N,1,H,W) at the size of the layer it is of. */
export const CAM = "gradcam";

/**
 * @param last buffer of the last activation, which terms on the last layer read
 * @param rule what ReLUs do to the gradient
 * @returns the dispatches, and the buffer that holds the gradient of the network's input
 */
export function backwardPass(
  walk: Walk,
  last: string,
  rule: ReluRule,
): { dispatches: Dispatch[]; input: string } {
  const { steps } = walk;
  const dispatches: Dispatch[] = [];
  const flags = new RedirectFlags(walk);
  const options: BackwardOptions = { rule, flags: () => flags.next() };
  const end = steps.length - 1;
  let gradient = otherActivation(walk, last, (steps[end] as Step).output);
  for (let i = end; i >= 0; i--) {
    const step = steps[i] as Step;
    const activation = i === end ? last : activationName(step.layer.name);
    for (const [t, { passes }] of termsOf(walk, step).entries()) {
      dispatches.push(...passes.backward(i < end || t > 0, { activation, gradient }));
    }
    if (step.layer.name === walk.cam) dispatches.push(...camOf(walk, step, activation, gradient));
    // The layer after it has computed this one's backward pass as well.
    if (isFused(walk, i, rule)) continue;
    const kind = layerKind(step.layer);
    const result = kind.reads === "unit" ? gradient : otherActivation(walk, gradient, step.input);
    const mask = isFused(walk, i - 1, rule) ? steps[i - 1]?.bits() : undefined;
    dispatches.push(
      ...kind.backward(step, { outputGradient: gradient, inputGradient: result, mask }, options),
    );
    gradient = result;
  }
  return { dispatches: [...flags.clear(), ...dispatches], input: gradient };
}

/** Whether the backward kernel of the layer after step i computes step i's backward pass as well. */
function isFused({ steps, cam }: Walk, i: number, rule: ReluRule): boolean {
  const [step, next] = [steps[i], steps[i + 1]];
  if (!step || !next || step.terms.length > 0 || step.layer.name === cam) return false;
  return layerKind(next.layer).fusesBackward(next, step.layer, rule);
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

/** One flag a ReLU and image: whether any gradient is left behind it. */
class RedirectFlags {
  readonly #walk: Walk;
  #count = 0;

  constructor(walk: Walk) {
    this.#walk = walk;
  }

  /** Asks for one more flag an image. */
  next(): { readonly buffer: string; readonly first: number } {
    const first = this.#count;
    this.#count += this.#walk.batch;
    return { buffer: this.#buffer(), first };
  }

  /** Clears those that were asked for. */
  clear(): Dispatch[] {
    return this.#count > 0 ? [clearRedirectFlags(this.#count, this.#buffer())] : [];
  }

  #buffer(): string {
    return this.#walk.memory.buffer("redirect.alive", "workspace", 4 * this.#count);
  }
}
