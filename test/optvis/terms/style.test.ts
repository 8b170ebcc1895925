import { describeReading, describeRefusals } from "../../support/objectives.ts";

const on = { weight: 1, layer: "conv1_2" } as const;

describeReading("style", [["style:conv1_2", { ...on, kind: "style" }]]);

describeRefusals("style", [
  ["style:conv1_1:border=2", /style is no mean over positions/, /./],
  ["style:conv9_1", /"conv9_1" is not in/, /conv1_1/],
]);
