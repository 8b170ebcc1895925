import { describePenalty, describeRefusals } from "../../support/objectives.ts";

describePenalty("l2", [
  ["l2", { kind: "l2", weight: -1, layer: "image", amount: 0.5 }],
  ["l2:-.5", { kind: "l2", weight: -1, layer: "image", amount: -0.5 }],
]);

describeRefusals("l2", [["channel:conv1_1:0 - l2:0:0", /expected l2\[:C\]/, /./]]);
