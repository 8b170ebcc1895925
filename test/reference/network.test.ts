/** The whole network's float64 twin against PyTorch float64: gradients, and first steps of whole ascents. */
import { describe, expect, it } from "vitest";
import { parseObjective } from "../../src/optvis/objective.ts";
import { gradientFixtures, trajectoryFixtures } from "../fixtures/fixtures.ts";
import { kindsFixtures } from "../fixtures/kinds.ts";
import { namedFixtures } from "../fixtures/named.ts";
import { hasAsset, nodeAssets } from "../stacks/assets.ts";
import { relativeL2 } from "../support/error.ts";
import { referenceAscent } from "./ascent.ts";
import { deepestLayer, objectiveGradient, referenceWeights } from "./network.ts";
import { subtractMean } from "./preprocess.ts";
import { tensor, zeros } from "./tensor.ts";

/** The stored gradient is rounded to float32, by at most 2⁻²⁴ of each element. */
const GRADIENT_ERROR = 2 ** -24;
/** Float64 rounding, carried through ten layers of up to 2304 terms. */
const OBJECTIVE_ERROR = 1e-11;
/** Enough to see the optimizer's state, the blur and the redirect at work; twenty would take minutes. */
const STEPS = 3;
/** Those to conv3_4 take longest; optimizers without a state are held to PyTorch in `operations.test.ts`. */
const trajectories = trajectoryFixtures.filter(
  ({ objective, optimizer }) => !objective.includes("3_4") && optimizer !== "sgd",
);

describe.each(gradientFixtures)("$name", (fixture) => {
  it.skipIf(!fixture.needs.every(hasAsset))("objective and gradient equal PyTorch's", async () => {
    const model = await fixture.openModel(nodeAssets);
    const { terms } = parseObjective(fixture.objective, model.network);
    const weights = await referenceWeights(model, deepestLayer(model.network, terms));
    const u = subtractMean(tensor(fixture.shape, fixture.image()), model.preprocess);
    const { objective, gradient } = objectiveGradient(model, weights, terms, u);
    for (const [n, value] of fixture.expected.entries()) {
      expect(Math.abs(objective[n]! - value)).toBeLessThan(OBJECTIVE_ERROR * Math.max(1, Math.abs(value)));
    }
    const expected = await fixture.gradient(nodeAssets);
    expect(relativeL2(gradient.data, expected)).toBeLessThan(GRADIENT_ERROR);
  });
});

describe.each(trajectories)("ascent by $name", (fixture) => {
  it.skipIf(!fixture.needs.every(hasAsset))(`its first ${STEPS} objectives equal PyTorch's`, async () => {
    const model = await fixture.openModel(nodeAssets);
    const { terms } = parseObjective(fixture.objective, model.network);
    const weights = await referenceWeights(model, deepestLayer(model.network, terms));
    const u = zeros([1, 3, ...fixture.size]);
    const objectives = referenceAscent(model, weights, terms, u, fixture, STEPS);
    for (const [t, [value]] of objectives.entries()) {
      const expected = fixture.expected[t]!;
      expect(Math.abs(value! - expected)).toBeLessThan(1e-8 * Math.max(1, Math.abs(expected)));
    }
  });
});

describe.each([...kindsFixtures, ...namedFixtures])("layers of their own: $name", (fixture) => {
  it("objective and gradient equal PyTorch's", async () => {
    const model = await fixture.openModel();
    const { terms } = parseObjective(fixture.objective, model.network);
    const weights = await referenceWeights(model, deepestLayer(model.network, terms));
    const u = subtractMean(tensor(fixture.shape, fixture.image()), model.preprocess);
    const { objective, gradient } = objectiveGradient(model, weights, terms, u);
    // Folded batch norm is rounded to float32.
    expect(relativeL2(objective, fixture.expected)).toBeLessThan(1e-6);
    expect(relativeL2(gradient.data, await fixture.gradient(nodeAssets))).toBeLessThan(1e-6);
  });
});
