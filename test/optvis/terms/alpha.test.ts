import { describePenalty, describeRefusals } from "../../support/objectives.ts";

describePenalty("alpha", [
  ["alpha", { kind: "alpha", weight: -1, layer: "image" }],
  ["3*alpha[1]", { kind: "alpha", weight: -3, layer: "image", images: [1] }],
]);

describeRefusals("alpha", [["channel:conv1_1:0 - alpha:3", /expected alpha/, /./]]);
