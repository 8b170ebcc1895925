import { describeReading, describeRefusals } from "../../support/objectives.ts";

const on = { weight: 1, layer: "conv1_2" } as const;

describeReading("invert", [
  ["invert:conv1_2", { ...on, kind: "invert" }],
  ["invert:conv1_2:border=2[0]", { ...on, kind: "invert", border: 2, images: [0] }],
]);

describeRefusals("invert", [
  ["invert:conv9_1", /"conv9_1" is not in/, /conv1_1/],
  ["invert:conv1_1:3", /expected invert:LAYER/, /./],
]);
