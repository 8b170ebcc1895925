import { describeReading, describeRefusals } from "../../support/objectives.ts";

const on = { weight: 1, layer: "conv1_2" } as const;

describeReading("align", [
  ["align:conv1_2", { ...on, kind: "align", decay: 2 }],
  ["align:conv1_2:3", { ...on, kind: "align", decay: 3 }],
]);

describeRefusals("align", [
  ["align:conv1_1:0.5", /a decay of at least 1, got "0.5"/, /./],
  ["align:conv1_1[0]", /align is about the whole batch/, /without \[0\]/],
]);
