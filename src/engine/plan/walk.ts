/** What the forward and the backward pass of a plan share: the steps, and the buffers between them. */
import { elements, type Shape } from "../../nn/layer.ts";
import type { Term } from "../../optvis/term.ts";
import type { TermPasses } from "../../optvis/terms/context.ts";
import { termPasses } from "../../optvis/terms/registry.ts";
import type { Allocation } from "./memory.ts";
import type { Step } from "./steps.ts";

export interface Walk {
  readonly steps: readonly Step[];
  readonly batch: number;
  readonly memory: Allocation;
  /** Layer of which the Grad-CAM is made on the way back. */
  readonly cam: string | undefined;
  /** Buffer of the objective's partial sums. */
  readonly partials: string;
}

/** The buffer that holds the network's input. */
export const INPUT = "activations.a";

/** Asks for the activation buffer that is not `name`. */
export function otherActivation({ memory, batch }: Walk, name: string, shape: Shape): string {
  const other = name === INPUT ? "activations.b" : INPUT;
  return memory.buffer(other, "activations", 4 * batch * elements(shape));
}

/** Buffer of a layer's activation, where it is kept. */
export function activationName(layer: string): string {
  return `${layer}.activation`;
}

/** The terms that read a step's activation, with their kernels. */
export function termsOf(
  { batch, memory }: Walk,
  step: Step,
): { readonly term: Term; readonly passes: TermPasses }[] {
  return step.terms.map(({ index, term }) => ({
    term,
    passes: termPasses({ term, index, batch, shape: step.output, mean: [], memory }),
  }));
}
