/**
 * The forward pass of a plan: each layer's dispatches in order, and after them those of the terms that read the layer.
 * Activations live in two buffers. A layer reads one and writes the other. An activation that the backward pass needs has
 * a buffer of its own. What else the backward pass needs are the bits that layers leave.
 */
import type { Dispatch } from "../../gpu/dispatch.ts";
import { elements } from "../../nn/layer.ts";
import { layerKind } from "../../nn/registry.ts";
import { readsActivation, readsForward } from "../../optvis/term.ts";
import type { TargetShare } from "../../optvis/terms/context.ts";
import type { Step } from "./steps.ts";
import { activationName, INPUT, otherActivation, termsOf, type Walk } from "./walk.ts";

/** A copy of some bytes from the beginning of one buffer to the beginning of another. */
export interface Copy {
  readonly from: string;
  readonly to: string;
  readonly bytes: number;
}

/**
 * @returns the dispatches, those of them that only the objective's value needs and not the gradient, the buffer that holds
 *   the last activation, and the copies that take a photograph's share of the terms that compare with it
 */
export function forwardPass(walk: Walk): {
  readonly dispatches: Dispatch[];
  readonly valueOnly: readonly Dispatch[];
  readonly last: string;
  readonly targetShares: readonly Copy[];
} {
  const { memory, partials, steps, batch } = walk;
  const dispatches: Dispatch[] = [];
  const valueOnly: Dispatch[] = [];
  const targetShares: Copy[] = [];
  const needed = steps.findLastIndex(backwardNeeds);
  let input = INPUT;
  for (let i = 0; i < steps.length; i++) {
    const step = steps[i] as Step;
    const fused = steps.slice(i + 1, i + 1 + step.fuses);
    i += fused.length;
    const written = fused.at(-1) ?? step;
    const output = written.kept
      ? memory.buffer(activationName(written.layer.name), "kept", 4 * batch * elements(written.output))
      : otherActivation(walk, input, written.output);
    const made = layerKind(step.layer).forward(step, { input, output }, fused);
    dispatches.push(...made);
    if (i > needed) valueOnly.push(...made);
    for (const { term, passes } of termsOf(walk, written)) {
      const value = passes.forward({ activation: output, partials });
      dispatches.push(...value);
      if (!readsForward(term)) valueOnly.push(...value);
      if (passes.targetShare) targetShares.push(copyOf(passes.targetShare, output));
    }
    input = output;
  }
  return { dispatches, valueOnly, last: input, targetShares };
}

/**
 * Whether the way back needs something of the step's forward pass: its bits or its activation. The mean of a channel
 * before its ReLU does not: its gradient there is the same number everywhere, whatever the image.
 */
function backwardNeeds(step: Step): boolean {
  const leavesBits = layerKind(step.layer).bitsBytes(step) > 0;
  return leavesBits || step.kept || step.terms.some(({ term }) => readsActivation(term));
}

function copyOf({ from, to, bytes }: TargetShare, activation: string): Copy {
  return { from: from === "activation" ? activation : from.buffer, to, bytes };
}
