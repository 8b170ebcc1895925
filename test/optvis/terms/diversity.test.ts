import { describeReading, describeRefusals } from "../../support/objectives.ts";

const on = { weight: 1, layer: "conv1_2" } as const;

describeReading("diversity", [["diversity:conv1_2", { ...on, kind: "diversity" }]]);

describeRefusals("diversity", [
  ["diversity:conv1_1[0]", /diversity is about the whole batch/, /without \[0\]/],
]);
