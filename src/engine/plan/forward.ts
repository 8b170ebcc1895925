/**
 * The forward pass of a plan. Activations live in two buffers, read from one and written to the other; a
 * layer whose activation the backward pass needs has a buffer of its own. Every ReLU and pool keeps bits.
 */
import type { Dispatch } from "../../gpu/dispatch.ts";
import { avgpoolForward } from "../../nn/avgpool.ts";
import { type ConvVariant, type Correlation, correlation, OVERFLOW, variantOf } from "../../nn/conv3x3.ts";
import { linearForward } from "../../nn/linear.ts";
import { maxpoolForward, poolBitsBytes } from "../../nn/maxpool.ts";
import { reluBitsBytes, reluForward } from "../../nn/relu.ts";
import { readsActivation, readsForward, type Term } from "../../optvis/term.ts";
import type { Capture, TermPasses } from "../../optvis/terms/context.ts";
import { termPasses } from "../../optvis/terms/registry.ts";
import type { Allocation } from "./memory.ts";
import { convShape, elements, linearShape, type Step, type StepOptions } from "./steps.ts";
import { biasOf, convWeights, linearWeights } from "./weights.ts";

/** What the passes over a network's steps are given. */
export interface Walk {
  readonly steps: readonly Step[];
  readonly batch: number;
  readonly memory: Allocation;
  readonly options: StepOptions & { readonly bindingLimit: number };
  /** Buffer of the objective's partial sums. */
  readonly partials: string;
}

/** The buffer the network's input is written to, and its gradient comes out of. */
export const INPUT = "activations.a";

/** Asks for the activation buffer that is not `name`. */
export function otherActivation(walk: Walk, name: string, bytes: number): string {
  return walk.memory.buffer(name === INPUT ? "activations.b" : INPUT, "activations", bytes);
}

export function activationBytes(walk: Walk, shape: Step["output"]): number {
  return 4 * walk.batch * elements(shape);
}

/** Buffer of the kept activation of a step. */
export function keptName(step: Step): string {
  return activationName(step.name);
}

export function activationName(layer: string): string {
  return `${layer}.activation`;
}

/** A copy of some bytes from the beginning of one buffer to the beginning of another. */
export interface Copy {
  readonly from: string;
  readonly to: string;
  readonly bytes: number;
}

/**
 * @returns the dispatches, those of them that only the objective's value needs and not the gradient, the buffer in which
 *   the last activation is found, and the copies that take a photograph's share of the terms that compare with it
 */
export function forwardPass(walk: Walk): {
  readonly dispatches: Dispatch[];
  readonly valueOnly: readonly Dispatch[];
  readonly last: string;
  readonly captures: readonly Copy[];
} {
  const { memory, partials } = walk;
  const dispatches: Dispatch[] = [];
  const valueOnly: Dispatch[] = [];
  const captures: Copy[] = [];
  const needed = walk.steps.findLastIndex((step) => backwardNeeds(step));
  let source = INPUT;
  for (const [i, step] of walk.steps.entries()) {
    const before = walk.steps[i - 1];
    if (step.fusesPool) continue;
    const bytes = activationBytes(walk, step.output);
    const output = step.kept
      ? memory.buffer(keptName(step), "kept", bytes)
      : otherActivation(walk, source, bytes);
    const made = before?.fusesPool
      ? stepForward(walk, before, source, output, bitsOf(walk, step))
      : stepForward(walk, step, source, output);
    dispatches.push(...made);
    if (i > needed) valueOnly.push(...made);
    for (const { term, passes } of termsOf(walk, step)) {
      const value = passes.forward({ activation: output, partials });
      dispatches.push(...value);
      if (!readsForward(term)) valueOnly.push(...value);
      if (passes.capture) captures.push(copyOf(passes.capture, output));
    }
    source = output;
  }
  return { dispatches, valueOnly, last: source, captures };
}

/**
 * Whether the way back needs something of the step's forward pass: its bits or its activation. The mean of a channel
 * before its ReLU does not: its gradient there is the same number everywhere, whatever the image.
 */
function backwardNeeds({ layer, fusedRelu, kept, terms }: Step): boolean {
  const bits = layer.kind === "relu" || layer.kind === "maxpool" || fusedRelu !== undefined;
  return bits || kept || terms.some(({ term }) => readsActivation(term));
}

function copyOf({ from, to, bytes }: Capture, activation: string): Copy {
  return { from: from === "activation" ? activation : from.buffer, to, bytes };
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

/** @param winners given, the step's kernel computes the max-pool after it, and leaves its winners there */
function stepForward(walk: Walk, step: Step, input: string, output: string, winners?: string): Dispatch[] {
  const { batch, memory, options } = walk;
  const { layer } = step;
  const label = `${step.name} forward`;
  switch (layer.kind) {
    case "conv": {
      const pass = correlation(convShape(batch, layer, step), "forward");
      const family = variantOf(options.convVariant(layer.name, "forward", pass));
      const weights = convWeights(memory, step, "forward", family);
      const bits = step.fusedRelu && bitsOf(walk, step);
      const workspace = convWorkspace(walk, family, pass);
      const buffers = { weights, bias: biasOf(memory, step), input, output, bits, winners, workspace };
      return family.forward(label, pass, buffers);
    }
    case "relu": {
      const bits = bitsOf(walk, step);
      return [
        winners === undefined
          ? reluForward(label, batch, step.output, { input, output, bits })
          : maxpoolForward(label, batch, step.output, { input, output, winners, bits }),
      ];
    }
    case "maxpool":
      return [maxpoolForward(label, batch, step.input, { input, output, winners: bitsOf(walk, step) })];
    case "avgpool":
      return [avgpoolForward(label, batch, step.input, layer.outputSize, { input, output })];
    case "linear": {
      const bias = biasOf(memory, step);
      return linearWeights(memory, step, options.bindingLimit).map(({ slice, weights }) =>
        linearForward(label, linearShape(batch, step), slice, { weights, bias, input, output }),
      );
    }
  }
}

/** The buffers a family works in, shared by all layers. */
export function convWorkspace({ memory }: Walk, family: ConvVariant, pass: Correlation) {
  const entries = family.workspace(pass).map(({ name, bytes }): [string, string] => {
    return [name, memory.buffer(`conv3x3.${name}`, name === OVERFLOW ? "overflow" : "workspace", bytes)];
  });
  return Object.fromEntries(entries);
}

/** Buffer of the bits that a ReLU (or a convolution with one) or a max-pool leaves for the backward pass. */
export function bitsOf({ memory, batch }: Walk, step: Step): string {
  const pool = step.layer.kind === "maxpool";
  const bytes = pool ? poolBitsBytes(batch, step.input) : reluBitsBytes(batch, step.output);
  return memory.buffer(`${step.name}.bits`, "bits", bytes);
}
