import { describeReading, describeRefusals } from "../../support/objectives.ts";

const on = { weight: 1, layer: "conv1_2" } as const;

describeReading("interpolate", [
  ["interpolate:conv1_2:1,6", { ...on, kind: "interpolate", from: 1, to: 6 }],
  ["interpolate:conv1_2:1,6:border=3", { ...on, kind: "interpolate", from: 1, to: 6, border: 3 }],
]);

describeRefusals("interpolate", [
  ["interpolate:conv1_1:2", /expected interpolate:LAYER:I,J/, /./],
  ["interpolate:conv1_1:1,2,3", /expected interpolate:LAYER:I,J/, /./],
  ["interpolate:conv1_1:1,8", /no channel "8"/, /0 to 3/],
]);
