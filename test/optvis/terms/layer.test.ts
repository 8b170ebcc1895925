import { describeReading, describeRefusals } from "../../support/objectives.ts";

const on = { weight: 1, layer: "conv1_2" } as const;

describeReading("layer", [
  ["layer:conv2_1", { kind: "layer", weight: 1, layer: "conv2_1" }],
  ["layer:conv1_2[0,2]", { ...on, kind: "layer", images: [0, 2] }],
  ["layer:conv1_2:border=12", { ...on, kind: "layer", border: 12 }],
]);

describeRefusals("layer", [
  ["layer:CONV1_1", /is not in/, /conv1_1/],
  ["layer:conv1_1:1", /expected layer:LAYER/, /./],
]);
