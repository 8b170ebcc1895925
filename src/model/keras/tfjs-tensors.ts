/** Tensors that TensorFlow.js lists, by the layers that they are of. */
import { type KerasTensor, type KerasTensors, roleOf } from "./tensors.ts";

interface Spec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: string;
}

/** @param specs whose names are `layer/kernel`, in models within models `model/layer/kernel` */
export function tfjsTensors(specs: readonly Spec[]): KerasTensors {
  const all = specs.map(({ name, shape, type }): KerasTensor => ({ name, path: name, stored: shape, type }));
  const groups = new Map<string, KerasTensor[]>();
  for (const tensor of all) {
    const group = tensor.name.split("/").slice(0, -1).join("/");
    const siblings = groups.get(group);
    if (siblings) siblings.push(tensor);
    else groups.set(group, [tensor]);
  }
  return {
    all,
    listed: () => ({ layers: [], complete: false }),
    ofLayer({ name, within }) {
      const named = [...groups].filter(([group]) => group === name || group.endsWith(`/${name}`));
      const nearer = named.filter(([group]) =>
        within.every((outer) => group.split("/").includes(outer.name)),
      );
      const [only, another] = named.length > 1 ? nearer : named;
      const own = only !== undefined && another === undefined ? only[1] : [];
      return new Map(own.map((tensor) => [roleOf(tensor.name), tensor]));
    },
  };
}
