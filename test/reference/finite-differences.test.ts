/** The network's float64 twin, end to end, against finite differences of its own objective. */
import { expect, it } from "vitest";
import { openModel } from "../../src/model/model.ts";
import { bytesSource } from "../../src/model/source.ts";
import { parseObjective } from "../../src/optvis/objective.ts";
import { noiseImage } from "../fixtures/hashing.ts";
import { nodeAssets } from "../stacks/assets.ts";
import { objectiveGradient, referenceWeights } from "./network.ts";
import { type Tensor, tensor } from "./tensor.ts";

const FILE = "weights/ascent-vgg.safetensors";
const SHAPE = [2, 3, 19, 23] as const;
const L2 = 1e-3;
/** So small that no ReLU or pool decision is crossed, so large that 2⁻⁵³ of the objective is nothing to it. */
const STEP = 1e-7;

it("gradient of logits, layers and L2 on the embedded network", async () => {
  const model = await openModel(bytesSource(FILE, await nodeAssets.read(FILE)));
  const { terms } = parseObjective("class:3 - 0.5*layer:conv3_1 + channel:relu2_1:4", model.network);
  const weights = await referenceWeights(model);
  const evaluate = (u: Tensor) => objectiveGradient(model, weights, terms, u, { l2: L2 });
  const u = tensor(SHAPE, noiseImage(1, SHAPE));
  const direction = tensor(SHAPE, noiseImage(2, SHAPE)).data.map((x) => 2 * x - 1);
  const moved = (step: number) =>
    evaluate(
      tensor(
        SHAPE,
        u.data.map((x, i) => x + step * direction[i]!),
      ),
    );
  const [ahead, behind] = [moved(STEP).objective, moved(-STEP).objective];
  const { gradient } = evaluate(u);
  const perImage = u.data.length / 2;
  for (const n of [0, 1]) {
    let slope = 0;
    for (let i = n * perImage; i < (n + 1) * perImage; i++) slope += gradient.data[i]! * direction[i]!;
    const measured = (ahead[n]! - behind[n]!) / (2 * STEP);
    expect(Math.abs(measured - slope)).toBeLessThan(1e-5 * Math.abs(slope));
  }
});
