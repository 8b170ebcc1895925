/** A method as a command: its flags, help and run follow from its description. */
import type { Command } from "commander";
import type { Input } from "../methods/method.ts";
import { type MethodName, methods } from "../methods/methods.ts";
import { addModelFlags, addRunFlags, command } from "./grammar.ts";
import { imagesInput } from "./inputs/images.ts";
import type { Flags, InputKind } from "./inputs/input.ts";
import { networkInput } from "./inputs/network.ts";
import { photographInput } from "./inputs/photograph.ts";
import { photographsInput } from "./inputs/photographs.ts";
import { recipeInput } from "./inputs/recipe.ts";
import { workInput } from "./inputs/work.ts";

const inputs: Readonly<Record<Input, InputKind>> = {
  network: networkInput,
  images: imagesInput,
  recipe: recipeInput,
  photograph: photographInput,
  photographs: photographsInput,
  work: workInput,
};

/** @param startedAt when the process started, in milliseconds since the epoch */
export function addMethod(program: Command, name: MethodName, startedAt: number): void {
  const method = methods[name];
  const examples = method.examples.map((flags) => `  ascent ${name} ${flags}`).join("\n");
  const target = addModelFlags(command(program, name, method.sentence, examples));
  inputs[method.input].addFlags(target, method);
  addRunFlags(target).action((flags: Flags) => inputs[method.input].act({ name, method, flags, startedAt }));
}
