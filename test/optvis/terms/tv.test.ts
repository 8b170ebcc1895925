import { describePenalty, describeRefusals } from "../../support/objectives.ts";

describePenalty("tv", [["0.1*tv", { kind: "tv", weight: -0.1, layer: "image", amount: 0 }]]);

describeRefusals("tv", [
  ["channel:conv1_1:0 - tv:3", /expected tv/, /./],
  ["channel:conv1_1:0 - tv:border=2", /tv is no mean over positions/, /./],
  ["tvs", /expected channel:/, /./],
]);
