import { describeReading, describeRefusals } from "../../support/objectives.ts";

const on = { weight: 1, layer: "conv1_2" } as const;

describeReading("direction", [
  [
    "direction:conv1_2:1=2,7=-.5",
    {
      ...on,
      kind: "direction",
      direction: [
        [1, 2],
        [7, -0.5],
      ],
      power: 0,
    },
  ],
  [
    "direction:conv1_2:1=2:3,4^1.5",
    { ...on, kind: "direction", direction: [[1, 2]], power: 1.5, position: [3, 4] },
  ],
  [
    "direction:conv1_2:1=2^2:border=1",
    { ...on, kind: "direction", direction: [[1, 2]], power: 2, border: 1 },
  ],
]);

describeRefusals("direction", [
  ["direction:conv1_1", /expected direction:LAYER:I=W,J=W/, /./],
  ["direction:conv1_1:2", /expected direction:LAYER:I=W/, /./],
  ["direction:conv1_1:2=1,9=1", /no channel "9"/, /0 to 3/],
  ["direction:conv1_1:2=one", /expected a component, got "one"/, /./],
  ["direction:conv1_1:2=1:5", /expected a position Y,X, got "5"/, /./],
  ["direction:conv1_1:2=1^x", /power of the cosine from 0 to 16, got "x"/, /./],
  ["direction:conv9_1:2=1", /"conv9_1" is not in/, /^layers: conv1_1/],
  ["direction:conv1_1:2=1:3,4:border=2", /direction is no mean over positions/, /./],
  [
    "direction:conv1_1:@w.json",
    /the file of a direction cannot be read here/,
    /command line reads it.*I=W,J=W.*directionSpec/,
  ],
  ['direction:conv1_1:@"a^b: c.json":1,1^2', /cannot be read here/, /./],
]);
