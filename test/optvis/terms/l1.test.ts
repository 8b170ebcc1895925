import { describePenalty, describeRefusals } from "../../support/objectives.ts";

describePenalty("l1", [
  ["l1", { kind: "l1", weight: -1, layer: "image", amount: 0.5 }],
  ["2*l1:0", { kind: "l1", weight: -2, layer: "image", amount: 0 }],
]);

describeRefusals("l1", [["channel:conv1_1:0 - l1:x", /expected a number, got "x"/, /./]]);
