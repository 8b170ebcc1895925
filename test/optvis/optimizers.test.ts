import { describe, expect, it } from "vitest";
import { choicesOf } from "../../src/optvis/field.ts";
import { advanceState, initialState, momentsOf, normOf, update } from "../../src/optvis/optimizers.ts";
import { recipeFields } from "../../src/optvis/recipe-fields.ts";

const kinds = choicesOf(recipeFields.optimizer);
const buffers = {
  ...{ values: "x", gradient: "g", sums: "s", moment1: "m1", moment2: "m2", state: "t" },
};
const step = { batch: 3, length: 75, area: 25, lr: 0.5, decay: 0.25, clamp: true, mean: [0.1, 0.2, 0.3] };

describe.each(kinds)("%s", (kind) => {
  const dispatch = update(kind, step, buffers);

  it("is one dispatch of its kernel over all numbers of all images", () => {
    expect(dispatch.kernel.name).toBe(`update_${kind}`);
    expect(dispatch.label).toBe(`update ${kind}`);
    expect(dispatch.workgroups).toEqual([Math.ceil((3 * 75) / 64), 1, 1]);
    expect(dispatch.uniform).toEqual({
      ...{ batch: 3, length: 75, area: 25, lr: 0.5, decay: 0.25, clamp: 1, mean: [0.1, 0.2, 0.3, 0] },
    });
  });

  it("binds as many moments as it says, and sums where it says that it divides by them", () => {
    const bound = Object.keys(dispatch.buffers);
    expect(bound.filter((name) => name.startsWith("moment"))).toHaveLength(momentsOf(kind));
    expect(bound.includes("sums")).toBe(normOf(kind) !== undefined);
  });

  it("takes a new rate and decay while running", () => {
    expect(dispatch.live).toEqual({ lr: { key: "lr", scale: 1 }, decay: { key: "decay", scale: 1 } });
  });

  it("counts what it moves: values and moments both ways, the gradient one way", () => {
    expect(dispatch.bytes).toBe(4 * 3 * 75 * (3 + 2 * momentsOf(kind)));
  });
});

describe("the state", () => {
  it("begins at step 0 with 1 − 0.9, 1 − 0.999 and NAdam's first momentum", () => {
    const state = initialState();
    expect(new Uint32Array(state, 0, 1)[0]).toBe(0);
    const [first, second, product] = new Float32Array(state, 4);
    expect(first).toBeCloseTo(0.1, 7);
    expect(second).toBeCloseTo(0.001, 9);
    // 0.9·(1 − ½·0.96^0.004), as in torch.optim.NAdam.
    expect(product).toBeCloseTo(0.4500734753, 7);
  });

  it("moves on in one invocation", () => {
    expect(advanceState("t")).toMatchObject({ buffers: { next: "t" }, workgroups: [1, 1, 1] });
  });
});
